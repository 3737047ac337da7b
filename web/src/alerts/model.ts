// What the alert list asks: rows by filter, and groups of repeats.
import { ask, type Params } from "../api/client";
import type { AlertFilter, AlertRow, Counters } from "../api/types";
import { type At, atParams } from "../list/pages";
import { type Field, type Filter, listParams, without } from "../state/filters";
import { IDS_PAGE, type PageAnswer, readIds } from "../state/pages";
import { severities, tactics } from "../ui/kinds";

export const fields: readonly Field[] = [
    { id: "severity", label: "Severity", kind: "values", values: severities.slice(0, 5) },
    { id: "status", label: "Status", kind: "values", values: ["New", "InProgress", "Resolved", "Dismissed"] },
    { id: "product", label: "Product", kind: "values", facet: "product" },
    { id: "tactic", label: "Tactic", kind: "values", values: tactics },
    { id: "technique", label: "Technique", kind: "text", hint: "T1059" },
    { id: "entity", label: "Entity", kind: "text", hint: "host:WS6" },
    { id: "incident", label: "Incident", kind: "text", hint: "5, or none", single: true },
    { id: "group_key", label: "Repeats of", kind: "text", single: true, hint: "a group, by the list of repeats" },
    { id: "title", label: "Title", kind: "text", hint: "words of the title", single: true },
    { id: "from", label: "Active since", kind: "time", hint: "2026-01-31 or -7d", single: true },
    { id: "to", label: "Began before", kind: "time", hint: "2026-01-31 or -1d", single: true },
];

export interface AlertQuery {
    filter: Filter;
    sort: string;
    /** How repeats are put together, where they are. */
    group?: string;
}

function params(query: AlertQuery): Params<"alerts"> {
    const found: Params<"alerts"> = listParams(fields, query.filter);
    if (query.sort) found.sort = query.sort;
    // A group is named with the way in which it was made.
    if (found.group_key) found.group = query.group || "title";
    return found;
}

/** The filter of a query as a body of the API holds it. */
export function alertFilter(query: AlertQuery): AlertFilter {
    const { sort: _, ...filter } = params(query);
    return filter as AlertFilter;
}

/** A page of alerts. */
export async function loadPage(query: AlertQuery, at: At, limit: number, signal: AbortSignal): Promise<PageAnswer<AlertRow>> {
    const answer = await ask("alerts", { ...params(query), ...atParams(at), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

/** Ids of everything that fits, read to its end. */
export function allIds(query: AlertQuery): Promise<string[]> {
    return readIds((cursor, signal) => loadPage(query, { cursor }, IDS_PAGE, signal));
}

/** Severities whatever the chosen severity. */
export async function loadCounters(query: AlertQuery, signal: AbortSignal): Promise<Counters> {
    return (await ask("alerts", { ...params({ ...query, filter: without(query.filter, "severity") }), limit: 1 }, { signal })).counters;
}

/** Products of all alerts, for the filter. */
export async function loadFacets(signal: AbortSignal) {
    return (await ask("search", { q: "*", kind: ["alert"], facet: ["product"], limit: 1, highlight: false }, { signal })).facets;
}

/** Alerts of an incident that are alike: the same title of the same product at the same severity. */
export interface Repeats {
    title: string;
    product: string;
    severity: string;
    count: number;
    first: string | null;
    last: string | null;
}

/** How repeats are put together, and what it is called. */
export const groupings = [
    ["title", "Title and resource"],
    ["entity", "Entity"],
    ["rule", "Rule"],
] as const;

export type Grouping = (typeof groupings)[number][0];

/** A page of groups: each row is the newest alert of its group. */
export async function loadGroups(
    query: AlertQuery & { group: string },
    at: At,
    limit: number,
    signal: AbortSignal,
): Promise<PageAnswer<AlertRow>> {
    const answer = await ask("alerts", { ...params(query), group: query.group, ...atParams(at), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

/** Adds alerts to groups. */
export function group(rows: readonly AlertRow[], groups: Map<string, Repeats>): void {
    for (const row of rows) {
        const key = JSON.stringify([row.title, row.product, row.severity]);
        const found = groups.get(key);
        const first = row.start ?? null;
        const last = row.end ?? row.start ?? null;
        if (!found) {
            groups.set(key, { title: row.title, product: row.product, severity: row.severity, count: 1, first, last });
            continue;
        }
        found.count += 1;
        if (first && (!found.first || first < found.first)) found.first = first;
        if (last && (!found.last || last > found.last)) found.last = last;
    }
}
