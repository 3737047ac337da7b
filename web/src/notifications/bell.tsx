// The bell in the head of the page: how many notifications wait, and the newest of them.
import { useEffect, useRef, useState } from "preact/hooks";
import { useLoad } from "../api/resource";
import { formatCount } from "../state/time";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { Loaded } from "../ui/states";
import { AllRead, NotificationList } from "./list";
import { askPage, unread, useNews, version } from "./news";

const NEWEST = 20;

export function Bell() {
    useNews();
    const count = unread.value;
    const said = useGrowth(count);
    if (count === undefined) return null;
    return (
        <>
            <Popover
                class="button quiet icon bell"
                right
                name={count > 0 ? `Notifications, ${formatCount(count)} unread` : "Notifications"}
                label={
                    <>
                        <Icon name="bell" />
                        {count > 0 && <span class="bell-count">{count > 99 ? "99+" : count}</span>}
                    </>
                }
            >
                {(close) => <Newest close={close} />}
            </Popover>
            <span class="hidden-visually" aria-live="polite">
                {said}
            </span>
        </>
    );
}

/** What is read aloud where more came in than was there. */
function useGrowth(count: number | undefined): string {
    const before = useRef(count);
    const [said, setSaid] = useState("");
    useEffect(() => {
        const more = (count ?? 0) - (before.current ?? count ?? 0);
        before.current = count;
        if (more !== 0) setSaid(more > 0 ? `${formatCount(more)} new notification${more === 1 ? "" : "s"}` : "");
    }, [count]);
    return said;
}

function Newest({ close }: { close: () => void }) {
    const newest = useLoad((abort) => askPage({ limit: NEWEST }, abort), "newest notifications", version.value);
    return (
        <section class="bell-list" aria-label="Newest notifications">
            <div class="line bell-head">
                <a class="button quiet small" href="/notifications" onClick={close}>
                    All notifications and settings
                </a>
                <span class="grow" />
                <AllRead newest={newest.data?.value[0]} count={newest.data?.unread ?? 0} />
            </div>
            <Loaded of={newest} rows={5}>
                {({ value }) =>
                    value.length === 0 ? (
                        <p class="muted bell-none">Nothing was told to you yet.</p>
                    ) : (
                        <NotificationList of={value} onOpen={close} />
                    )
                }
            </Loaded>
        </section>
    );
}
