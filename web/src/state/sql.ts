// Questions behind numbers, as SQL over the present state: `Alerts`, `Incidents`, `Entities`, `Relations`.
/** A text as SQL writes it. */
export const sqlText = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** The alerts of an incident: all, or those that a further condition means. */
export function alertsOf(incident: string, condition = ""): string {
    const more = condition && `\n  AND ${condition}`;
    return `SELECT StartTime, Severity, Title, ProductName, Tactics, EntityCount, AlertId\nFROM Alerts\nWHERE strpos(IncidentIds, ${sqlText(incident)}) > 0${more}\nORDER BY StartTime`;
}

/** Conditions on the table of alerts. */
export const alertsWith = {
    severity: (name: string) => `Severity = ${sqlText(name)}`,
    tactic: (name: string) => `strpos(Tactics, ${sqlText(name)}) > 0`,
    title: (title: string, product: string, severity: string) =>
        `Title = ${sqlText(title)} AND ProductName = ${sqlText(product)} AND Severity = ${sqlText(severity)}`,
};

/** The entities that an incident or one of its alerts names: all, or those of a kind. */
export function entitiesOf(incident: string, kind = ""): string {
    return `SELECT e.Kind, e.Label, count(*) AS Alerts, e.Degree, e.FirstTime, e.LastTime, e.EntityId
FROM Relations r
JOIN Entities e ON e.EntityId = r.TargetId
WHERE r.Relation = 'involves' AND r.SourceId IN (
    SELECT concat('alert:', AlertId) FROM Alerts WHERE strpos(IncidentIds, ${sqlText(incident)}) > 0
)${kind && `\n  AND e.Kind = ${sqlText(kind)}`}
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

/** The entities that an alert names. */
export function entitiesNamed(alert: string): string {
    return `SELECT e.Kind, e.Label, r.Role, e.Degree, e.EntityId
FROM Relations r
JOIN Entities e ON e.EntityId = r.TargetId
WHERE r.Relation = 'involves' AND r.SourceId = ${sqlText(`alert:${alert}`)}
ORDER BY e.Kind, e.Label`;
}

/** A request of the API as text. */
export function requestText(address: string): string {
    return `GET ${decodeURIComponent(address).replaceAll("&", "\n    &")}`;
}
