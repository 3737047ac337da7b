// What the alert list asks: rows by filter (`/v1/alerts`), rows by words (`/v1/search`), and groups of repeats.
import { address, ask, type Params } from "../api/client";
import type { AlertFilter, AlertRow, Counters, FacetAnswer, Hit } from "../api/types";
import { countersToGoOn, facetsOf } from "../list/counts";
import { type At, atParams } from "../list/pages";
import { type Field, type Filter, listParams, needsSearch, searchText } from "../state/filters";
import { alertKql } from "../state/kql";
import { IDS_PAGE, type PageAnswer, readIds, SEARCH_PAGE } from "../state/pages";
import { requestText } from "../state/sql";
import { severities, tactics } from "../ui/kinds";
import type { Question } from "../ui/showquery";

const open = ["New", "InProgress"];
const classifications = ["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"];

export const fields: readonly Field[] = [
    {
        id: "status",
        label: "Status",
        kind: "values",
        values: ["New", "InProgress", "Resolved", "Dismissed", "open"],
        facet: "status",
        search: "status",
        open,
    },
    { id: "severity", label: "Severity", kind: "values", values: severities.slice(0, 5), facet: "severity", search: "severity" },
    { id: "product", label: "Product", kind: "values", facet: "product", search: "product" },
    { id: "tactic", label: "Tactic", kind: "values", values: tactics, facet: "tactic", search: "tactic" },
    { id: "owner", label: "Owner", kind: "values", values: ["me", "unassigned"], facet: "owner", search: "owner", only: "search" },
    { id: "tag", label: "Tag", kind: "values", facet: "tag", search: "tag", only: "search" },
    {
        id: "classification",
        label: "Classification",
        kind: "values",
        values: classifications,
        facet: "classification",
        search: "classification",
        only: "search",
    },
    { id: "technique", label: "Technique", kind: "text", search: "technique", hint: "T1059" },
    { id: "entity", label: "Entity or resource", kind: "text", search: "entity", hint: "host:WS6" },
    { id: "incident", label: "Incident", kind: "text", hint: "5, or none", single: true, only: "list" },
    { id: "group_key", label: "Repeats of", kind: "text", single: true, hint: "a group, by the list of repeats", only: "list" },
    { id: "title", label: "Title", kind: "text", hint: "words of the title", single: true, search: "title" },
    { id: "from", label: "Active since", kind: "time", hint: "2026-01-31 or -7d", single: true },
    { id: "to", label: "Began before", kind: "time", hint: "2026-01-31 or -1d", single: true },
];

/** A row of the list, as the list or the search gives it. */
export type ListRow = Omit<AlertRow, "seq">;

export interface AlertQuery {
    /** Words and fields. */
    text?: string;
    filter: Filter;
    sort: string;
    /** How repeats are put together, where they are. */
    group?: string;
    /** Where words without a field are looked for, if not in the usual places. */
    places?: readonly string[];
}

/** Words are a search, and so is what only the search knows; otherwise the list answers. */
export function isSearch(query: AlertQuery): boolean {
    return (query.text ?? "").trim() !== "" || needsSearch(fields, query.filter);
}

/** Orders of the list and what the search calls them. */
const searchSorts: Record<string, string> = { time: "first", severity: "severity", title: "title" };

/** The order in force: words come best first unless another order is asked for that the search knows. */
export function orderOf(query: AlertQuery): string {
    if (!isSearch(query)) return query.sort || "time";
    if (query.sort.replace(/^-/, "") in searchSorts) return query.sort;
    return (query.text ?? "").trim() === "" ? "time" : "";
}

/** Whether a query can have an order. */
export function sortable(query: AlertQuery): (sort: string) => boolean {
    return isSearch(query) ? (sort) => sort in searchSorts : () => true;
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

function searchParams(query: AlertQuery): Params<"search"> {
    const order = orderOf(query);
    const known = searchSorts[order.replace(/^-/, "")];
    const asked: Params<"search"> = { q: searchText(fields, query.filter, query.text ?? ""), kind: ["alert"] };
    if (query.places?.length) asked.field = [...query.places];
    if (known) asked.sort = order.startsWith("-") ? `-${known}` : known;
    const { incident, group_key } = query.filter;
    if (incident?.[0]) asked.incident = incident[0];
    if (group_key?.[0]) {
        // A group is named with the way in which it was made.
        asked.group_key = group_key[0];
        asked.group = query.group || "title";
    }
    return asked;
}

const fromHit = (hit: Hit): ListRow => ({
    id: hit.id,
    title: hit.title,
    severity: hit.severity ?? "Unknown",
    status: hit.status ?? "Unknown",
    product: hit.products?.[0] ?? "",
    tactics: hit.tactics ?? [],
    incidents: hit.incidents ?? [],
    entities: hit.entities ?? 0,
    ...(hit.group ? { group: hit.group } : {}),
    start: hit.first_activity ?? null,
    end: hit.last_activity ?? null,
});

/** A page of what words find. */
async function searchPage(asked: Params<"search">, at: At, limit: number, signal: AbortSignal): Promise<PageAnswer<ListRow>> {
    const answer = await ask("search", { ...asked, ...atParams(at), limit: Math.min(limit, SEARCH_PAGE), highlight: false }, { signal });
    return { rows: answer.hits.map(fromHit), cursor: answer.cursor, total: answer.total };
}

/** A page of alerts. */
export async function loadPage(query: AlertQuery, at: At, limit: number, signal: AbortSignal): Promise<PageAnswer<ListRow>> {
    if (isSearch(query)) return searchPage(searchParams(query), at, limit, signal);
    const answer = await ask("alerts", { ...params(query), ...atParams(at), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

/** Ids of everything that fits, read to its end. */
export function allIds(query: AlertQuery): Promise<string[]> {
    return readIds((cursor, signal) => loadPage(query, { cursor }, IDS_PAGE, signal));
}

/** What counts the rows of a query. */
export function questionOf(query: AlertQuery, of: string): Question {
    if (isSearch(query)) return { of, lang: "request", text: requestText(address("search", searchParams(query))) };
    // Groups of repeats are nothing that a query over the table can name.
    if (query.filter.group_key?.length) return { of, lang: "request", text: requestText(address("alerts", params(query))) };
    return { of, lang: "kql", text: alertKql(query.filter, query.sort, "") };
}

/** What counts the groups of a query. */
export function groupsQuestion(query: AlertQuery): Question {
    if (isSearch(query)) return { of: "Groups", lang: "request", text: requestText(address("search", groupParams(query))) };
    return { of: "Groups", lang: "request", text: requestText(address("alerts", { ...params(query), group: query.group || "title" })) };
}

const asCounts = (facet: FacetAnswer | undefined) => Object.fromEntries((facet?.values ?? []).map((value) => [value.value, value.count]));

async function countersOf(query: AlertQuery, signal: AbortSignal): Promise<Counters> {
    if (!isSearch(query)) return (await ask("alerts", { ...params({ ...query, sort: "" }), limit: 1 }, { signal })).counters;
    const answer = await ask("search", { ...searchParams(query), facet: ["status", "severity"], limit: 1, highlight: false }, { signal });
    return {
        status: asCounts(answer.facets.find((facet) => facet.facet === "status")),
        severity: asCounts(answer.facets.find((facet) => facet.facet === "severity")),
    };
}

/** The numbers above the list. */
export function loadCounters(query: AlertQuery, signal: AbortSignal): Promise<Counters> {
    return countersToGoOn(query, (asked) => countersOf(asked, signal));
}

/** The values that filters offer. */
export function loadFacets(signal: AbortSignal): Promise<FacetAnswer[]> {
    return facetsOf("alert", signal);
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

/** Orders of groups and what the search calls them. */
const groupSorts: Record<string, string> = { ...searchSorts, count: "count" };

/** The groups of what words find. */
function groupParams(query: AlertQuery): Params<"search"> {
    const { sort: _, group_key: __, ...asked } = searchParams(query);
    const known = groupSorts[query.sort.replace(/^-/, "")];
    const sort = query.sort.startsWith("-") ? `-${known}` : known;
    return { ...asked, group: query.group || "title", ...(known ? { sort } : {}) };
}

/** A page of groups: each row is the newest alert of its group. */
export async function loadGroups(
    query: AlertQuery & { group: string },
    at: At,
    limit: number,
    signal: AbortSignal,
): Promise<PageAnswer<ListRow>> {
    if (isSearch(query)) return searchPage(groupParams(query), at, limit, signal);
    const answer = await ask("alerts", { ...params(query), group: query.group, ...atParams(at), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

/** What names a group in the list of repeats. */
export const groupKey = (row: ListRow) => row.group?.key ?? row.id;

/** The query that lists the alerts of a group one by one. */
export function groupQuery(query: AlertQuery, key: string): AlertQuery {
    return { ...query, sort: "", filter: { ...query.filter, group_key: [key] } };
}

const alikeKey = (row: ListRow) => JSON.stringify([row.title, row.product, row.severity]);

/** Adds alerts to groups. */
export function group(rows: readonly ListRow[], groups: Map<string, Repeats>): void {
    for (const row of rows) {
        const key = alikeKey(row);
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
