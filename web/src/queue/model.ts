// What the queue asks and shows: one kind of row for the list (`/v1/incidents`) and for its search (`/v1/search`).
import { ask, type Params } from "../api/client";
import type { Counters, FacetAnswer, Hit, IncidentRow } from "../api/types";
import { type At, atParams } from "../list/pages";
import { type Field, type Filter, listParams, searchText, without } from "../state/filters";
import { IDS_PAGE, type PageAnswer, readIds } from "../state/pages";
import { severities, tactics } from "../ui/kinds";

/** A row of the queue. A hit of the search does not say how many alerts there are. */
export type QueueRow = Omit<IncidentRow, "alerts" | "seq"> & { alerts: number | null };

export const fields: readonly Field[] = [
    { id: "status", label: "Status", kind: "values", values: ["New", "Active", "Closed", "open"], facet: "status", search: "status" },
    { id: "severity", label: "Severity", kind: "values", values: severities.slice(0, 5), facet: "severity", search: "severity" },
    { id: "owner", label: "Owner", kind: "values", values: ["unassigned"], facet: "owner", search: "owner" },
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
}

/** Orders of the list and what the search calls them. */
const searchSorts: Record<string, string> = {
    severity: "severity",
    activity: "last",
    created: "created",
    modified: "time",
    number: "number",
};

/** Words are a search; without words the list answers, which also counts alerts. */
export function isSearch(query: QueueQuery): boolean {
    return query.text.trim() !== "";
}

function searchParams(query: QueueQuery): Params<"search"> {
    const sort = query.sort.replace(/^-/, "");
    const known = searchSorts[sort];
    const params: Params<"search"> = { q: searchText(fields, query.filter, query.text), kind: ["incident"] };
    if (known) params.sort = query.sort.startsWith("-") ? `-${known}` : known;
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
        alerts: null,
        first_activity: hit.first_activity ?? null,
        last_activity: hit.last_activity ?? null,
        created: hit.created ?? null,
        modified: hit.modified ?? null,
    };
}

/** A page of the queue. */
export async function loadPage(query: QueueQuery, at: At, limit: number, signal: AbortSignal): Promise<PageAnswer<QueueRow>> {
    if (isSearch(query)) {
        const answer = await ask("search", { ...searchParams(query), ...atParams(at), limit, highlight: false }, { signal });
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

/** Counters by which one can go on: states whatever the chosen state, severities whatever the chosen severity. */
export async function loadCounters(query: QueueQuery, signal: AbortSignal): Promise<Counters> {
    const [byStatus, bySeverity] = await Promise.all([
        countersOf({ ...query, filter: without(query.filter, "status") }, signal),
        countersOf({ ...query, filter: without(query.filter, "severity") }, signal),
    ]);
    return { status: byStatus.status, severity: bySeverity.severity };
}

/** The values that filters offer, with how many incidents have each. */
export async function loadFacets(signal: AbortSignal): Promise<FacetAnswer[]> {
    const facet = ["severity", "status", "product", "tactic", "owner", "tag"] as const;
    return (await ask("search", { q: "*", kind: ["incident"], facet: [...facet], limit: 1, highlight: false }, { signal })).facets;
}

/** Ids of everything that fits, read to its end. */
export function allIds(query: QueueQuery): Promise<string[]> {
    return readIds((cursor, signal) => loadPage(query, { cursor }, IDS_PAGE, signal));
}
