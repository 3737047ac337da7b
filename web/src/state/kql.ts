// Filters of the long lists as KQL: what a view of a list is to everything else that asks.
import type { Filter } from "./filters";

/** A text as KQL writes it. */
export const kqlText = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** An instant, or a span before now, as KQL has it. */
function instant(value: string): string {
    const span = /^-(\d+)([dhm])$/.exec(value);
    return span ? `ago(${span[1]}${span[2]})` : `datetime(${value.replace(/[^\w:.+-]/g, "")})`;
}

/** How a list stands in its table. */
interface Listing {
    table: string;
    /** Columns that hold one of the values. */
    exact: Readonly<Record<string, string>>;
    /** Columns that hold several values. */
    several: Readonly<Record<string, string>>;
    /** Columns in which words are looked for. */
    words: readonly string[];
    /** Columns of the last and the first activity. */
    last: string;
    first: string;
    /** The states that `open` stands for. */
    open: readonly string[];
    /** Orders by their name in the API. */
    orders: Readonly<Record<string, string>>;
    /** The order where none is asked for. */
    order: string;
}

const incidents: Listing = {
    table: "Incidents",
    exact: { severity: "Severity", classification: "Classification" },
    several: { product: "ProductNames", tactic: "Tactics", tag: "Tags" },
    words: ["Title", "Tags", "Owner", "ProductNames"],
    last: "LastActivityTime",
    first: "FirstActivityTime",
    open: ["New", "Active"],
    orders: {
        activity: "LastActivityTime",
        created: "CreatedTime",
        modified: "LastModifiedTime",
        number: "IncidentNumber",
        title: "Title",
    },
    order: "LastActivityTime",
};

const alerts: Listing = {
    table: "Alerts",
    exact: { severity: "Severity" },
    several: { product: "ProductName", tactic: "Tactics", technique: "Techniques" },
    words: ["AlertId", "Title", "ProductName"],
    last: "EndTime",
    first: "StartTime",
    open: ["New", "InProgress"],
    orders: { time: "StartTime", title: "Title" },
    order: "StartTime",
};

/** The question of a list as text; a last line names what it leaves out. */
function listKql(list: Listing, filter: Filter, sort: string, words: string, others: Readonly<Record<string, string | undefined>>): string {
    const steps: string[] = [list.table];
    const said = new Set(["severity", "status", "owner", "from", "to", ...Object.keys(list.exact), ...Object.keys(list.several)]);
    const any = (parts: readonly string[]) => steps.push(`where ${parts.join(" or ")}`);
    const { status, owner, from, to } = filter;
    if (words.trim()) any(list.words.map((column) => `${column} contains ${kqlText(words.trim())}`));
    for (const [id, column] of Object.entries(list.exact)) {
        const values = filter[id];
        if (values?.length) any([`${column} in (${values.map(kqlText).join(", ")})`]);
    }
    const states = status?.flatMap((value) => (value === "open" ? list.open : [value]));
    if (states) any([`Status in (${states.map(kqlText).join(", ")})`]);
    if (owner && list === incidents) any(owner.map((name) => (name === "unassigned" ? "isempty(Owner)" : `Owner =~ ${kqlText(name)}`)));
    else if (owner) said.delete("owner");
    for (const [id, column] of Object.entries(list.several)) {
        const values = filter[id];
        if (values) any(values.map((value) => `${column} has ${kqlText(value)}`));
    }
    for (const [id, step] of Object.entries(others)) {
        if (step === undefined) continue;
        steps.push(`where ${step}`);
        said.add(id);
    }
    if (from?.[0]) any([`${list.last} >= ${instant(from[0])}`]);
    if (to?.[0]) any([`${list.first} <= ${instant(to[0])}`]);
    const column = list.orders[sort.replace(/^-/, "")] ?? list.order;
    const falling = (column === "Title") === sort.startsWith("-");
    steps.push(`sort by ${column} ${falling ? "desc" : "asc"}`);
    const left = Object.keys(filter).filter((id) => filter[id]?.length && !said.has(id));
    return steps.join("\n| ") + (left.length > 0 ? `\n// left out: ${left.join(", ")}` : "");
}

/** The queue as KQL over `Incidents`. */
export function incidentKql(filter: Filter, sort: string, words: string): string {
    return listKql(incidents, filter, sort, words, {});
}

/** The alert list as KQL over `Alerts`. */
export function alertKql(filter: Filter, sort: string, words: string): string {
    const { entity, incident, title } = filter;
    const named = entity?.map(kqlText).join(", ");
    const [of] = incident ?? [];
    return listKql(alerts, filter, sort, words, {
        entity:
            named &&
            `strcat("alert:", AlertId) in ((Relations | where Relation == "involves" and TargetId in (${named}) | project SourceId))`,
        incident:
            of &&
            (of === "none"
                ? `isempty(IncidentIds) or IncidentIds == "[]"`
                : /^\d+$/.test(of)
                  ? `IncidentIds has toscalar(Incidents | where IncidentNumber == ${of} | project IncidentId)`
                  : `IncidentIds has ${kqlText(of)}`),
        title: title?.[0] && `Title contains ${kqlText(title[0])}`,
    });
}
