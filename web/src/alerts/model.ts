// What the alert list asks: rows by filter, and groups of repeats.
import { ask, type Params } from "../api/client";
import type { AlertRow, Counters } from "../api/types";
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
    { id: "title", label: "Title", kind: "text", hint: "words of the title", single: true },
    { id: "from", label: "Active since", kind: "time", hint: "2026-01-31 or -7d", single: true },
    { id: "to", label: "Began before", kind: "time", hint: "2026-01-31 or -1d", single: true },
];

export interface AlertQuery {
    filter: Filter;
    sort: string;
}

function params(query: AlertQuery): Params<"alerts"> {
    const found: Params<"alerts"> = listParams(fields, query.filter);
    if (query.sort) found.sort = query.sort;
    return found;
}

/** A page of alerts. */
export async function loadPage(
    query: AlertQuery,
    cursor: string | null,
    limit: number,
    signal: AbortSignal,
): Promise<PageAnswer<AlertRow>> {
    const answer = await ask("alerts", { ...params(query), ...(cursor === null ? {} : { cursor }), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

/** Ids of everything that fits, read to its end. */
export function allIds(query: AlertQuery): Promise<string[]> {
    return readIds((cursor, signal) => loadPage(query, cursor, IDS_PAGE, signal));
}

/** Severities whatever the chosen severity. */
export async function loadCounters(query: AlertQuery, signal: AbortSignal): Promise<Counters> {
    return (await ask("alerts", { ...params({ ...query, filter: without(query.filter, "severity") }), limit: 1 }, { signal })).counters;
}

/** Products of all alerts, for the filter. */
export async function loadFacets(signal: AbortSignal) {
    return (await ask("search", { q: "*", kind: ["alert"], facet: ["product"], limit: 1, highlight: false }, { signal })).facets;
}

/** Alerts that are alike: the same title of the same product at the same severity. */
export interface Repeats {
    title: string;
    product: string;
    severity: string;
    count: number;
    first: string | null;
    last: string | null;
}

const GROUP_ROWS_READ_MAX = 20_000;

/** Groups of repeats, most frequent first, over every alert that fits; `complete` is false past the limit. */
export async function loadRepeats(query: AlertQuery, signal: AbortSignal): Promise<{ groups: Repeats[]; read: number; complete: boolean }> {
    const groups = new Map<string, Repeats>();
    let read = 0;
    for (let cursor: string | null | undefined = null; cursor !== undefined; ) {
        const page: PageAnswer<AlertRow> = await loadPage(query, cursor, 5_000, signal);
        group(page.rows, groups);
        read += page.rows.length;
        cursor = page.cursor ?? undefined;
        if (cursor !== undefined && read >= GROUP_ROWS_READ_MAX) return { groups: sorted(groups), read, complete: false };
    }
    return { groups: sorted(groups), read, complete: true };
}

const sorted = (groups: Map<string, Repeats>) => [...groups.values()].sort((a, b) => b.count - a.count || a.title.localeCompare(b.title));

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
