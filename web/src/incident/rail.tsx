// The facts of an incident, beside every tab.
import type { IncidentDetail } from "../api/types";
import { formatCount, formatSpan } from "../state/time";
import { Facts, Time, Words } from "../ui/parts";
import { Count } from "../ui/showquery";
import { alertsQuestion, entitiesQuestion } from "./asked";
import { Work } from "./work";

export function Rail({ incident }: { incident: IncidentDetail }) {
    const { first_activity: first, last_activity: last } = incident;
    const span = first && last ? formatSpan(Date.parse(last) - Date.parse(first)) : "";
    return (
        <aside class="rail-facts" aria-label="Details of the incident">
            <Work incident={incident} />
            <Facts
                of={[
                    ["First activity", <Time key="t" at={first} />],
                    ["Last activity", <Time key="t" at={last} />],
                    ["Duration", span],
                    ["Created", <Time key="t" at={incident.created} />],
                    ["Changed", incident.modified && <Time key="t" at={incident.modified} />],
                ]}
            />
            <Facts
                of={[
                    ["Alerts", <Count key="a" count={incident.alerts} {...alertsQuestion(incident.id)} />],
                    ["Entities", <Count key="e" count={incident.entities.length} {...entitiesQuestion(incident.id)} />],
                    ["Products", incident.products.length > 0 && <Words of={incident.products} most={8} plain />],
                    ["Tactics", incident.tactics.length > 0 && <Words of={incident.tactics} most={14} />],
                    ["Techniques", incident.techniques.length > 0 && <Words of={incident.techniques} most={20} plain />],
                ]}
            />
            {incident.description && (
                <p class="muted wrap" data-plain>
                    {incident.description}
                </p>
            )}
            <p class="faint small wrap" data-plain>
                {incident.id}
                <br />
                document {formatCount(incident.seq)}
            </p>
        </aside>
    );
}
