// The queue's filter as KQL over `Incidents`: what a view of the queue is to everything else that asks.
import type { Filter } from "../state/filters";

const text = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
const lists: Record<string, string> = { product: "ProductNames", tactic: "Tactics", tag: "Tags" };
const orders: Record<string, string> = {
    activity: "LastActivityTime",
    created: "CreatedTime",
    modified: "LastModifiedTime",
    number: "IncidentNumber",
    title: "Title",
};

/** An instant, or a span before now, as KQL has it. */
function instant(value: string): string {
    const span = /^-(\d+)([dhm])$/.exec(value);
    return span ? `ago(${span[1]}${span[2]})` : `datetime(${value.replace(/[^\w:.+-]/g, "")})`;
}

/** What of a filter the text says. Techniques and entities of incidents are no columns of the table. */
const said = new Set(["severity", "status", "owner", "from", "to", ...Object.keys(lists)]);

/** The question as text; a last line names what it leaves out. */
export function incidentKql(filter: Filter, sort: string, words: string): string {
    const steps: string[] = ["Incidents"];
    const any = (parts: readonly string[]) => steps.push(`where ${parts.join(" or ")}`);
    const { severity, status, owner, from, to } = filter;
    if (words.trim()) any(["Title", "Tags", "Owner", "ProductNames"].map((column) => `${column} contains ${text(words.trim())}`));
    if (severity) any([`Severity in (${severity.map(text).join(", ")})`]);
    const states = status?.flatMap((value) => (value === "open" ? ["New", "Active"] : [value]));
    if (states) any([`Status in (${states.map(text).join(", ")})`]);
    if (owner) any(owner.map((name) => (name === "unassigned" ? "isempty(Owner)" : `Owner == ${text(name)}`)));
    for (const [id, column] of Object.entries(lists)) {
        const values = filter[id];
        if (values) any(values.map((value) => `${column} has ${text(value)}`));
    }
    if (from?.[0]) any([`LastActivityTime >= ${instant(from[0])}`]);
    if (to?.[0]) any([`FirstActivityTime <= ${instant(to[0])}`]);
    const column = orders[sort.replace(/^-/, "")] ?? "LastActivityTime";
    const falling = (column === "Title") === sort.startsWith("-");
    steps.push(`sort by ${column} ${falling ? "desc" : "asc"}`);
    const left = Object.keys(filter).filter((id) => filter[id]?.length && !said.has(id));
    return steps.join("\n| ") + (left.length > 0 ? `\n// left out: ${left.join(", ")}` : "");
}
