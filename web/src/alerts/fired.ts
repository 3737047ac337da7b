// The query that raised an alert, where its source says one: its text, what it found then, the time that it looked at.
import { member, objectOf } from "./texts";

/** A query as a source recorded it with the alert. */
export interface Fired {
    /** The query, as it was written. */
    text: string;
    /** How many rows it found when it fired. */
    count?: number;
    /** The time that it looked at, where the source says so. */
    from?: string;
    to?: string;
}

const queryNames = ["Search Query", "Query", "OriginalQuery", "Original Query"];
const countNames = ["Search Query Results Overall Count", "Query Results Count", "Result Count", "ResultCount", "Event Count"];
const startNames = ["Query Start Time UTC", "Query Start Time", "Start Time UTC"];
const endNames = ["Query End Time UTC", "Query End Time", "End Time UTC"];
const intervalNames = ["Query Interval in Minutes", "Query Period in Minutes"];

/** The text of a query: plain, or inside the link to a portal that some sources write in its place. */
function queryText(value: unknown): string {
    const link = objectOf(value);
    if (!link) return typeof value === "string" ? value.trim() : "";
    const shown = link.displayValue ?? objectOf(objectOf(link.detailBladeInputs)?.parameters)?.q ?? link.query ?? link.text;
    return typeof shown === "string" ? shown.trim() : "";
}

function countOf(value: unknown): number | undefined {
    const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.replaceAll(",", "").trim() : "";
    return /^\d+$/.test(text) ? Number(text) : undefined;
}

function timeOf(value: unknown): string | undefined {
    if (typeof value !== "string" || value === "") return undefined;
    // A time without a zone is UTC: the names say so.
    const date = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The query that an alert's other members tell of; nothing where they tell of none. */
export function firedQuery(extended: unknown, ended?: string | null): Fired | undefined {
    const outer = objectOf(extended);
    if (!outer) return undefined;
    const all = { ...outer, ...(objectOf(outer.ExtendedProperties) ?? {}) };
    const text = queryNames.map((name) => queryText(member(all, name))).find((one) => one !== "");
    if (!text) return undefined;
    const first = <T>(names: readonly string[], read: (value: unknown) => T | undefined) =>
        names.map((name) => read(member(all, name))).find((one) => one !== undefined);
    const to = first(endNames, timeOf) ?? timeOf(ended ?? undefined);
    const minutes = first(intervalNames, countOf);
    const begun = to && minutes !== undefined ? new Date(Date.parse(to) - minutes * 60_000).toISOString() : undefined;
    const from = first(startNames, timeOf) ?? begun;
    const count = first(countNames, countOf);
    return { text, ...(count === undefined ? {} : { count }), ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** Name of the table that a query begins with, if it begins with one. */
export function tableOf(text: string): string | undefined {
    return /^\s*(?:let\s[^;]*;\s*)*([A-Za-z_]\w*)\s*(?:\||$)/.exec(text)?.[1];
}

/**
 * The query over the time that it looked at when it fired, which a rule leaves to whatever runs it. It is narrowed where the table
 * stands, so that what the query does with time later stays as it is written.
 */
export function overItsTime({ text, from, to }: Fired): string {
    const table = tableOf(text);
    if (!table || !from || !to) return text;
    const at = text.search(new RegExp(`\\b${table}\\s*(\\||$)`));
    const end = at + table.length;
    return `${text.slice(0, end)}\n| where TimeGenerated between (datetime(${from}) .. datetime(${to}))${text.slice(end)}`;
}

/** The number of rows that a query finds. */
export function counting(text: string): string {
    return `${text.replace(/;\s*$/, "")}\n| count`;
}
