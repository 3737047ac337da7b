// Says on every tab of an incident that proposed changes of it wait, and leads to them.
import { offered } from "../api/client";
import { useAsk } from "../api/resource";
import { seq } from "../app/live";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { waiting } from "./waiting";

export function ProposalNotice({ incident, href }: { incident: string; href: string }) {
    const asked = offered("proposals") && waiting.value > 0 ? { incident, state: ["open"], limit: 1 } : null;
    const found = useAsk("proposals", asked, seq.value);
    const count = found.data?.total ?? 0;
    const [first] = found.data?.value ?? [];
    if (!first) return null;
    return (
        <div class="notice accent" role="status">
            <Icon name="bolt" />
            <span class="clip">
                {count === 1 ? "A change is proposed" : `${formatCount(count)} changes are proposed`} by {first.created_by}
            </span>
            <span class="grow" />
            <a class="button small" href={href}>
                Look and decide
            </a>
        </div>
    );
}
