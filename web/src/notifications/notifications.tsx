// Every notification that is kept for whoever looks, and what they want to be told of.
import { useLoad } from "../api/resource";
import { useMore } from "../list/more";
import { param, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { Time } from "../ui/parts";
import { Empty, Loaded } from "../ui/states";
import { AllRead, NotificationList } from "./list";
import { kinds, type NotificationPage } from "./model";
import { askPage, unread, version } from "./news";
import { Settings } from "./settings";

const PAGE = 50;

const shown = [
    ["", "All"],
    ["unread", "Unread"],
] as const;

export default function NotificationsScreen() {
    useTitle("Notifications");
    const state = param("state") === "unread" ? "unread" : "";
    const kind = kinds.find(([id]) => id === param("kind"))?.[0] ?? "";
    const asked = { limit: PAGE, ...(state ? { unread: true } : {}), ...(kind ? { kind: [kind] } : {}) };
    const first = useLoad((abort) => askPage(asked, abort), `notifications ${JSON.stringify(asked)}`, version.value);
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Notifications</h1>
                <div class="segments" role="group" aria-label="Which">
                    {shown.map(([id, label]) => (
                        <button key={id} type="button" aria-pressed={id === state} onClick={() => setParams({ state: id })}>
                            {label}
                        </button>
                    ))}
                </div>
                <select class="field" aria-label="Kind" value={kind} onChange={(event) => setParams({ kind: event.currentTarget.value })}>
                    <option value="">of every kind</option>
                    {kinds.map(([id, label]) => (
                        <option key={id} value={id}>
                            {label}
                        </option>
                    ))}
                </select>
                <span class="grow" />
                {!state && !kind && <AllRead newest={first.data?.value[0]} count={unread.value ?? 0} />}
            </div>
            <div class="notifications-panel">
                <div class="notifications-kept">
                    <Loaded of={first} rows={8}>
                        {(page) =>
                            page.value.length === 0 ? (
                                <Nothing narrowed={state !== "" || kind !== ""} />
                            ) : (
                                <List
                                    key={`${state} ${kind}`}
                                    first={page}
                                    next={(cursor, abort) => askPage({ ...asked, cursor }, abort)}
                                />
                            )
                        }
                    </Loaded>
                </div>
                <Settings />
            </div>
        </div>
    );
}

interface ListProps {
    first: NotificationPage;
    next: (cursor: string, abort: AbortSignal) => Promise<NotificationPage>;
}

function List({ first, next }: ListProps) {
    const { rows, more, busy } = useMore(first, next);
    return (
        <>
            <div class="card">
                <NotificationList of={rows} />
            </div>
            {more && (
                <button type="button" class="button" disabled={busy} onClick={more}>
                    Show more
                </button>
            )}
            {!more && first.since && (
                <p class="faint small">
                    Those from before <Time at={first.since} style="minute" /> are no longer kept.
                </p>
            )}
        </>
    );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
    if (!narrowed) {
        return (
            <Empty title="Nothing was told to you yet">
                What others do with your incidents comes here, and what is new and grave. The settings say what of it.
            </Empty>
        );
    }
    return (
        <Empty
            title="None of these"
            actions={
                <a class="button" href="/notifications">
                    Show all
                </a>
            }
        />
    );
}
