// What the queue asks and shows: one kind of row for the list (`/v1/incidents`) and for its search (`/v1/search`).
import { address, ask, type Params } from "../api/client";
import type { Counters, FacetAnswer, Hit, IncidentRow } from "../api/types";
import { countersToGoOn, facetsOf } from "../list/counts";
import { type At, atParams } from "../list/pages";
import { type Field, type Filter, listParams, needsSearch, searchText } from "../state/filters";
import { incidentKql } from "../state/kql";
import { IDS_PAGE, type PageAnswer, readIds, SEARCH_PAGE } from "../state/pages";
import { requestText } from "../state/sql";
import { severities, tactics } from "../ui/kinds";
import type { Question } from "../ui/showquery";

/** A row of the queue, as the list or the search gives it. */
export type QueueRow = Omit<IncidentRow, "alerts" | "seq"> & { alerts: number | null };

const classifications = ["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"];

export const fields: readonly Field[] = [
    { id: "status", label: "Status", kind: "values", values: ["New", "Active", "Closed", "open"], facet: "status", search: "status" },
    { id: "severity", label: "Severity", kind: "values", values: severities.slice(0, 5), facet: "severity", search: "severity" },
    {
        id: "classification",
        label: "Classification",
        kind: "values",
        values: classifications,
        facet: "classification",
        search: "classification",
        only: "search",
    },
    { id: "owner", label: "Owner", kind: "values", values: ["me", "unassigned"], facet: "owner", search: "owner" },
    { id: "product", label: "Product", kind: "values", facet: "product", search: "product" },
    { id: "tactic", label: "Tactic", kind: "values", values: tactics, facet: "tactic", search: "tactic" },
    { id: "tag", label: "Tag", kind: "values", facet: "tag", search: "tag" },
    { id: "technique", label: "Technique", kind: "text", search: "technique", hint: "T1059" },
    { id: "entity", label: "Entity", kind: "text", search: "entity", hint: "host:WS6" },
    { id: "from", label: "Active since", kind: "time", hint: "2026-01-31 or -7d", single: true },
    { id: "to", label: "Began before", kind: "time", hint: "2026-01-31 or -1d", single: true },
];

/** What the queue shows: words, filter and order. */
export interface QueueQuery {
    text: string;
    filter: Filter;
    sort: string;
    /** Where words without a field are looked for, if not in the usual places. */
    places?: readonly string[];
}

/** Orders of the list and what the search calls them. */
const searchSorts: Record<string, string> = {
    severity: "severity",
    activity: "last",
    created: "created",
    modified: "time",
    number: "number",
    title: "title",
};

/** Words are a search, and so is what only the search knows; otherwise the list answers. */
export function isSearch(query: QueueQuery): boolean {
    return query.text.trim() !== "" || needsSearch(fields, query.filter);
}

/** The order in force: words come best first unless another one is asked for. */
export function orderOf(query: QueueQuery): string {
    if (!isSearch(query)) return query.sort || "severity";
    const known = query.sort.replace(/^-/, "") in searchSorts;
    // Words come best first, a filter alone as the list has it.
    return known ? query.sort : query.text.trim() === "" ? "severity" : "";
}

/** Whether a query can have an order. */
export function sortable(query: QueueQuery): (sort: string) => boolean {
    return isSearch(query) ? (sort) => sort in searchSorts : () => true;
}

function searchParams(query: QueueQuery): Params<"search"> {
    const order = orderOf(query);
    const known = searchSorts[order.replace(/^-/, "")];
    const params: Params<"search"> = { q: searchText(fields, query.filter, query.text), kind: ["incident"] };
    if (query.places?.length) params.field = [...query.places];
    if (known) params.sort = order.startsWith("-") ? `-${known}` : known;
    return params;
}

/** The list's parameters of a query without words. */
export function incidentParams(query: QueueQuery): Params<"incidents"> {
    const params: Params<"incidents"> = listParams(fields, query.filter);
    if (query.sort) params.sort = query.sort;
    return params;
}

function fromHit(hit: Hit): QueueRow {
    return {
        id: hit.id,
        number: hit.number ?? null,
        title: hit.title,
        severity: hit.severity ?? "Unknown",
        status: hit.status ?? "Unknown",
        owner: hit.owner ?? null,
        classification: hit.classification ?? null,
        products: hit.products ?? [],
        tactics: hit.tactics ?? [],
        tags: hit.tags ?? [],
        alerts: hit.alerts ?? null,
        first_activity: hit.first_activity ?? null,
        last_activity: hit.last_activity ?? null,
        created: hit.created ?? null,
        modified: hit.modified ?? null,
    };
}

/** What counts the rows of a query. */
export function questionOf(query: QueueQuery, of: string): Question {
    if (isSearch(query)) return { of, lang: "request", text: requestText(address("search", searchParams(query))) };
    return { of, lang: "kql", text: incidentKql(query.filter, query.sort, "") };
}

/** A page of the queue. */
export async function loadPage(query: QueueQuery, at: At, limit: number, signal: AbortSignal): Promise<PageAnswer<QueueRow>> {
    if (isSearch(query)) {
        const most = Math.min(limit, SEARCH_PAGE);
        const answer = await ask("search", { ...searchParams(query), ...atParams(at), limit: most, highlight: false }, { signal });
        return { rows: answer.hits.map(fromHit), cursor: answer.cursor, total: answer.total };
    }
    const answer = await ask("incidents", { ...incidentParams(query), ...atParams(at), limit }, { signal });
    return { rows: answer.value, cursor: answer.cursor, total: answer.total };
}

const asCounts = (facet: FacetAnswer | undefined) => Object.fromEntries((facet?.values ?? []).map((value) => [value.value, value.count]));

async function countersOf(query: QueueQuery, signal: AbortSignal): Promise<Counters> {
    if (!isSearch(query)) return (await ask("incidents", { ...incidentParams(query), limit: 1 }, { signal })).counters;
    const answer = await ask("search", { ...searchParams(query), facet: ["status", "severity"], limit: 1, highlight: false }, { signal });
    return {
        status: asCounts(answer.facets.find((facet) => facet.facet === "status")),
        severity: asCounts(answer.facets.find((facet) => facet.facet === "severity")),
    };
}

/** The numbers above the list. */
export function loadCounters(query: QueueQuery, signal: AbortSignal): Promise<Counters> {
    return countersToGoOn(query, (asked) => countersOf(asked, signal));
}

/** The values that filters offer. */
export function loadFacets(signal: AbortSignal): Promise<FacetAnswer[]> {
    return facetsOf("incident", signal);
}

/** Ids of everything that fits, read to its end. */
export function allIds(query: QueueQuery): Promise<string[]> {
    return readIds((cursor, signal) => loadPage(query, { cursor }, IDS_PAGE, signal));
}
