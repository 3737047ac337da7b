// What the lists of incidents and alerts count: the numbers above them, and the values that their filters offer.
import { ask } from "../api/client";
import type { Counters, FacetAnswer } from "../api/types";
import { type Filter, without } from "../state/filters";

/** Counters by which one can go on: states whatever the chosen state, severities whatever the chosen severity. */
export async function countersToGoOn<Q extends { readonly filter: Filter }>(
    query: Q,
    count: (query: Q) => Promise<Counters>,
): Promise<Counters> {
    const [byStatus, bySeverity] = await Promise.all([
        count({ ...query, filter: without(query.filter, "status") }),
        count({ ...query, filter: without(query.filter, "severity") }),
    ]);
    return { status: byStatus.status, severity: bySeverity.severity };
}

/** The values that filters offer, with how many of a kind have each. */
export async function facetsOf(kind: "alert" | "incident", signal: AbortSignal): Promise<FacetAnswer[]> {
    const facet = ["severity", "status", "classification", "product", "tactic", "owner", "tag"] as const;
    return (await ask("search", { q: "*", kind: [kind], facet: [...facet], limit: 1, highlight: false }, { signal })).facets;
}
