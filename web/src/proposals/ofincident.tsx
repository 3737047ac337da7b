// Proposed changes of one incident, beside what did change.
import { address } from "../api/client";
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { asked } from "../ui/showquery";
import { ProposalCard } from "./card";

const SHOWN_MAX = 100;

/** The proposals of an incident, those that wait first; nothing where there is none. */
export function ProposalsOf({ incident }: { incident: IncidentDetail }) {
    const found = useAsk("proposals", { incident: incident.id, limit: SHOWN_MAX }, seq.value);
    const rows = found.data?.value ?? [];
    const open = rows.filter((one) => one.state === "open");
    const decided = rows.filter((one) => one.state !== "open");
    if (rows.length === 0) return null;
    return (
        <section class="stack proposals-of" aria-label="Proposed changes">
            <h2>
                Proposed changes{" "}
                <span
                    class="faint number"
                    {...asked({
                        of: "Proposed changes",
                        lang: "request",
                        text: requestText(address("proposals", { incident: incident.id })),
                    })}
                >
                    {formatCount(open.length)}
                </span>
            </h2>
            {open.length > 0 && (
                <ul class="proposals">
                    {open.map((one) => (
                        <ProposalCard key={one.id} of={one} inIncident />
                    ))}
                </ul>
            )}
            {decided.length > 0 && (
                <details>
                    <summary class="muted small">{formatCount(decided.length)} decided</summary>
                    <ul class="proposals">
                        {decided.map((one) => (
                            <ProposalCard key={one.id} of={one} inIncident />
                        ))}
                    </ul>
                </details>
            )}
        </section>
    );
}
