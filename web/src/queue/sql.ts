// The queue's filter as SQL over `Incidents`, for "show query".
import type { Filter } from "../state/filters";

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const lists: Record<string, string> = { product: "ProductNames", tactic: "Tactics", tag: "Tags" };
const orders: Record<string, string> = {
    activity: "LastActivityTime",
    created: "CreatedTime",
    modified: "LastModifiedTime",
    number: "IncidentNumber",
    title: "Title",
};

/** The question as text. What SQL over `Incidents` cannot say (techniques, entities, relative times) is left out. */
export function incidentSql(filter: Filter, sort: string): string {
    const conditions: string[] = [];
    const { severity, status, owner, from, to } = filter;
    const states = status?.flatMap((value) => (value === "open" ? ["New", "Active"] : [value]));
    if (severity) conditions.push(`Severity IN (${severity.map(text).join(", ")})`);
    if (states) conditions.push(`Status IN (${states.map(text).join(", ")})`);
    if (owner) {
        const names = owner.filter((name) => name !== "unassigned");
        const any = names.length > 0 ? [`Owner IN (${names.map(text).join(", ")})`] : [];
        if (names.length < owner.length) any.push("Owner IS NULL");
        conditions.push(any.length === 1 ? `${any[0]}` : `(${any.join(" OR ")})`);
    }
    for (const [id, column] of Object.entries(lists)) {
        const any = filter[id]?.map((value) => `strpos(${column}, ${text(value)}) > 0`);
        if (any) conditions.push(any.length === 1 ? `${any[0]}` : `(${any.join(" OR ")})`);
    }
    if (from?.[0] && !/^[-+]/.test(from[0])) conditions.push(`LastActivityTime >= ${text(from[0])}`);
    if (to?.[0] && !/^[-+]/.test(to[0])) conditions.push(`FirstActivityTime <= ${text(to[0])}`);
    const turned = sort.startsWith("-");
    const column = orders[sort.replace(/^-/, "")] ?? "LastActivityTime";
    const falling = (column === "Title") === turned;
    const where = conditions.length > 0 ? `\nWHERE ${conditions.join("\n  AND ")}` : "";
    return `SELECT IncidentNumber, Severity, Status, Title, AlertCount, Owner, LastActivityTime\nFROM Incidents${where}\nORDER BY ${column} ${falling ? "DESC" : "ASC"}\nLIMIT 1000`;
}
