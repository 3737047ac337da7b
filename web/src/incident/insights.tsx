// What stands out about an entity, read from what is there: its alerts by severity, product and title, the parts that it plays in them,
// what it is named together with, the lists it is on. Each insight is a query, and each number opens its own.
import { ask } from "../api/client";
import { useLoad } from "../api/resource";
import type { EntityDetail } from "../api/types";
import { seq } from "../app/live";
import { href, nodeHref } from "../router/router";
import { useCalm } from "../state/calm";
import { sqlText } from "../state/sql";
import { formatCount } from "../state/time";
import { kindLabel, spaced } from "../ui/kinds";
import { NodeLink, Severity, Time } from "../ui/parts";
import { asked, Count, ShowQuery } from "../ui/showquery";
import { Loaded } from "../ui/states";

const SHOWN = 6;
/** Alerts of a hub that are looked at, the newest ones: what it is named with most does not change much with more. */
const ALERTS_LOOKED_AT = 2_000;

/** The alerts that name an entity, as a condition on their table. */
const naming = (id: string) =>
    `concat('alert:', AlertId) IN (SELECT SourceId FROM Relations WHERE Relation = 'involves' AND TargetId = ${sqlText(id)})`;

/** Alerts that name the entity, counted by a column. */
export function alertsBy(id: string, column: "Severity" | "ProductName" | "Title"): string {
    return `SELECT ${column}, count(*) AS Alerts, max(EndTime) AS Last\nFROM Alerts\nWHERE ${naming(id)}\nGROUP BY ${column}\nORDER BY Alerts DESC, ${column}`;
}

/** The alerts of one value of such a column. */
export function alertsOfValue(id: string, column: string, value: string): string {
    return `SELECT StartTime, Severity, Title, ProductName, AlertId\nFROM Alerts\nWHERE ${naming(id)}\n  AND ${column} = ${sqlText(value)}\nORDER BY StartTime DESC`;
}

/** The parts that an entity plays in alerts, as their sources say. */
export function rolesOf(id: string): string {
    return `SELECT coalesce(nullif(Role, ''), 'named') AS Part, count(*) AS Alerts\nFROM Relations\nWHERE Relation = 'involves' AND TargetId = ${sqlText(id)}\nGROUP BY 1\nORDER BY Alerts DESC`;
}

/** The alerts in which it plays one of these parts. */
function alertsOfRole(id: string, role: string): string {
    return `SELECT SourceId, Role, FirstTime, LastTime\nFROM Relations\nWHERE Relation = 'involves' AND TargetId = ${sqlText(id)}\n  AND coalesce(nullif(Role, ''), 'named') = ${sqlText(role)}\nORDER BY LastTime DESC`;
}

/** What is named by the same alerts. */
export function namedWith(id: string): string {
    return `WITH own AS (
    SELECT concat('alert:', AlertId) AS Alert FROM Alerts
    WHERE ${naming(id)}
    ORDER BY StartTime DESC LIMIT ${ALERTS_LOOKED_AT}
)
SELECT e.EntityId, e.Kind, e.Label, count(*) AS Alerts
FROM own JOIN Relations r ON r.SourceId = own.Alert AND r.Relation = 'involves'
JOIN Entities e ON e.EntityId = r.TargetId
WHERE e.EntityId <> ${sqlText(id)}
GROUP BY e.EntityId, e.Kind, e.Label
ORDER BY Alerts DESC, e.Label LIMIT ${SHOWN}`;
}

/** The alerts that name two entities. */
function alertsNamingBoth(id: string, other: string): string {
    return `SELECT StartTime, Severity, Title, ProductName, AlertId\nFROM Alerts\nWHERE ${naming(id)}\n  AND ${naming(other)}\nORDER BY StartTime DESC`;
}

export function Insights({ entity }: { entity: EntityDetail }) {
    const { id } = entity;
    return (
        <>
            <Listed entity={entity} />
            <Insight title="Alerts by severity" text={alertsBy(id, "Severity")}>
                {([severity, count, last]) => (
                    <>
                        <Severity name={String(severity)} />
                        <span class="grow" />
                        <span class="faint small">
                            last <Time at={last as string | null} style="minute" />
                        </span>
                        <Count count={Number(count)} of={`${severity} alerts`} text={alertsOfValue(id, "Severity", String(severity))} />
                    </>
                )}
            </Insight>
            <Insight title="What it is alerted for" text={alertsBy(id, "Title")}>
                {([title, count]) => (
                    <>
                        <a class="clip grow" href={href("/alerts", { entity: id, title: String(title) })} title={String(title)}>
                            {String(title)}
                        </a>
                        <Count count={Number(count)} of={String(title)} text={alertsOfValue(id, "Title", String(title))} />
                    </>
                )}
            </Insight>
            <Insight title="Who alerts" text={alertsBy(id, "ProductName")}>
                {([product, count]) => (
                    <>
                        <span class="clip grow">{String(product)}</span>
                        <Count count={Number(count)} of={`Alerts of ${product}`} text={alertsOfValue(id, "ProductName", String(product))} />
                    </>
                )}
            </Insight>
            <Insight title="Its part in them" text={rolesOf(id)}>
                {([role, count]) => (
                    <>
                        <span class="clip grow">{spaced(String(role))}</span>
                        <Count count={Number(count)} of={`Alerts in which its part is ${role}`} text={alertsOfRole(id, String(role))} />
                    </>
                )}
            </Insight>
            <Insight title="Named together with" text={namedWith(id)}>
                {([other, kind, label, count]) => (
                    <>
                        <NodeLink reference={String(other)} kind={String(kind)} label={String(label)} />
                        <span class="grow" />
                        <Count count={Number(count)} of={`Alerts that name ${label}, too`} text={alertsNamingBoth(id, String(other))} />
                    </>
                )}
            </Insight>
        </>
    );
}

function Insight({
    title,
    text,
    children,
}: {
    title: string;
    text: string;
    children: (row: readonly unknown[]) => preact.ComponentChildren;
}) {
    const found = useLoad(
        (signal) => ask("query", {}, { signal, body: { lang: "sql", text, limit: SHOWN } }),
        text,
        useCalm(seq.value, true),
    );
    if (found.data?.rows.length === 0) return null;
    return (
        <section>
            <div class="line">
                <h3 class="grow">{title}</h3>
                <ShowQuery of={title} text={text} />
            </div>
            <Loaded of={found} rows={2}>
                {(data) => (
                    <ul class="rows insight">
                        {data.rows.map((row) => (
                            <li key={String(row[0])} class="line">
                                {children(row)}
                            </li>
                        ))}
                    </ul>
                )}
            </Loaded>
        </section>
    );
}

/** Watchlists and indicators, and what assessments say: both are worth more than any count. */
function Listed({ entity }: { entity: EntityDetail }) {
    const { listed, posture } = entity;
    if (listed.length === 0 && !posture) return null;
    return (
        <section>
            <h3>Known for</h3>
            <ul class="rows insight">
                {listed.map((one) => (
                    <li key={`${one.relation} ${one.id}`} class="line">
                        <span class={`tag ${one.relation === "matches_indicator" && one.active ? "bad" : "warn"}`}>
                            {one.relation === "matches_indicator" ? "indicator" : "watchlist"}
                        </span>
                        <span class="clip grow">{one.label}</span>
                        {!one.active && <span class="faint small">expired</span>}
                    </li>
                ))}
                {posture && (
                    <li class="line">
                        <span class={`tag ${posture.health === "Unhealthy" ? "bad" : "good"}`}>{spaced(posture.health)}</span>
                        <a
                            class="grow"
                            href={nodeHref(entity.id)}
                            {...asked({ of: "Recommendations", lang: "request", text: `GET /v1/entities/${entity.id}` })}
                        >
                            {formatCount(posture.recommendations.length)} open recommendations,{" "}
                            {formatCount(posture.vulnerabilities.length)} vulnerabilities of this {kindLabel(entity.kind).toLowerCase()}
                        </a>
                    </li>
                )}
            </ul>
        </section>
    );
}
