// Questions behind numbers, as SQL over the present state: `Alerts`, `Incidents`, `Entities`, `Relations`.
import type { Filter } from "./filters";

/** A text as SQL writes it. */
export const sqlText = (value: string) => `'${value.replaceAll("'", "''")}'`;

const lists = (column: string, values: readonly string[]) => {
    const any = values.map((value) => `strpos(${column}, ${sqlText(value)}) > 0`);
    return any.length === 1 ? `${any[0]}` : `(${any.join(" OR ")})`;
};
const relative = (time: string) => /^[-+]/.test(time);

/** The alerts of an incident. */
export function alertsOf(incident: string): string {
    return `SELECT StartTime, Severity, Title, ProductName, Tactics, EntityCount, AlertId\nFROM Alerts\nWHERE strpos(IncidentIds, ${sqlText(incident)}) > 0\nORDER BY StartTime`;
}

/** The entities that an incident or one of its alerts names. */
export function entitiesOf(incident: string): string {
    return `SELECT e.Kind, e.Label, count(*) AS Alerts, e.Degree, e.FirstTime, e.LastTime, e.EntityId
FROM Relations r
JOIN Entities e ON e.EntityId = r.TargetId
WHERE r.Relation = 'involves' AND r.SourceId IN (
    SELECT concat('alert:', AlertId) FROM Alerts WHERE strpos(IncidentIds, ${sqlText(incident)}) > 0
)
GROUP BY e.Kind, e.Label, e.Degree, e.FirstTime, e.LastTime, e.EntityId
ORDER BY Alerts DESC`;
}

/** The relations of an entity: every one, or those of a name. */
export function relationsOf(entity: string, relation?: string): string {
    const id = sqlText(entity);
    const named = relation === undefined ? "" : `Relation = ${sqlText(relation)} AND `;
    return `SELECT Relation, SourceId, TargetId, FirstTime, LastTime, Count\nFROM Relations\nWHERE ${named}(SourceId = ${id} OR TargetId = ${id})\nORDER BY LastTime DESC`;
}

/** The alerts that name an entity. */
export function alertsNaming(entity: string): string {
    return `SELECT a.StartTime, a.Severity, a.Title, a.ProductName, a.AlertId
FROM Alerts a
WHERE concat('alert:', a.AlertId) IN (SELECT SourceId FROM Relations WHERE Relation = 'involves' AND TargetId = ${sqlText(entity)})
ORDER BY a.StartTime DESC`;
}

/** A filter of the alert list. What SQL over `Alerts` cannot say (entities, relative times) is left out. */
export function alertsWhere(filter: Filter): string {
    const { severity, status, product, tactic, technique, incident, title, from, to } = filter;
    const conditions: string[] = [];
    if (severity) conditions.push(`Severity IN (${severity.map(sqlText).join(", ")})`);
    if (status) conditions.push(`Status IN (${status.map(sqlText).join(", ")})`);
    if (product) conditions.push(`ProductName IN (${product.map(sqlText).join(", ")})`);
    if (tactic) conditions.push(lists("Tactics", tactic));
    if (technique) conditions.push(lists("Techniques", technique));
    if (incident?.[0] === "none") conditions.push("IncidentIds IN ('', '[]') OR IncidentIds IS NULL");
    else if (incident?.[0]) conditions.push(lists("IncidentIds", incident));
    if (title?.[0]) conditions.push(`strpos(lower(Title), ${sqlText(title[0].toLowerCase())}) > 0`);
    if (from?.[0] && !relative(from[0])) conditions.push(`EndTime >= ${sqlText(from[0])}`);
    if (to?.[0] && !relative(to[0])) conditions.push(`StartTime <= ${sqlText(to[0])}`);
    const where =
        conditions.length > 0
            ? `\nWHERE ${conditions.map((one) => (/ OR /.test(one) && !one.startsWith("(") ? `(${one})` : one)).join("\n  AND ")}`
            : "";
    return `SELECT StartTime, Severity, Status, Title, ProductName, Tactics, EntityCount, IncidentIds\nFROM Alerts${where}\nORDER BY StartTime DESC\nLIMIT 1000`;
}

/** A request of the API as text. */
export function requestText(address: string): string {
    return `GET ${decodeURIComponent(address).replaceAll("&", "\n    &")}`;
}
