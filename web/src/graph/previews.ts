// What exploration queries would bring into the graph, asked before anybody runs them, so that a count is what joins.
import type { ExplorationRow } from "../api/types";
import { type Call, callKey, type Found } from "./loads";
import type { GraphState } from "./state";

/** Results that "all" asks for: as many as the API gives. */
export const ALL_MAX = 10_000;
/** Results up to which resting on "all" asks what of them would join. Of more, how many there are is what is said. */
export const FORESEEN_MAX = 1_000;

/** A query with what it would bring. */
export interface Preview {
    /** What one click brings: the query's own first results. */
    readonly first: Found;
    /** What all results bring, once somebody wanted to know. */
    readonly all?: Found;
}

/** How many of what is found are not in the graph yet. */
export function joining(found: Found, state: GraphState): { nodes: number; edges: number } {
    return {
        nodes: new Set(found.batch.nodes.map((node) => node.id).filter((id) => !state.nodes.has(id))).size,
        edges: new Set(found.batch.edges.map((edge) => edge.id).filter((id) => !state.edges.has(id))).size,
    };
}

export type Explore = Extract<Call, { kind: "explore" }>;

/**
 * Asks each query that has results what its first ones would bring, a few at a time; tells each answer as it comes. How many results a
 * query has, its count says: they are not asked for here.
 */
export async function preview(
    node: string,
    rows: readonly ExplorationRow[],
    ask: (call: Explore) => Promise<Found>,
    tell: (query: string, preview: Preview) => void,
): Promise<void> {
    const queue = rows.filter((row) => (row.results ?? 0) > 0);
    const worker = async () => {
        for (let row = queue.shift(); row; row = queue.shift()) {
            tell(row.name, { first: await ask({ kind: "explore", node, query: row.name }) });
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Whether what all results of a query bring can be asked before they join. */
export function foreseeable(row: ExplorationRow, known: Preview | undefined): boolean {
    return known?.first.more === true && !known.all && row.results_complete !== false && (row.results ?? 0) <= FORESEEN_MAX;
}

const AT_ONCE = 3;

/** Found by the first results only: how many there are is said with them. */
export function counted(found: Found, results: number, all: boolean): Found {
    const shown = found.table?.rows.length ?? results;
    return all || shown >= results ? found : { ...found, notes: [`the first ${shown} of ${results.toLocaleString("en-US")} results`] };
}

/** Answers by the data that they are of: newer data is asked anew. */
export class Previews {
    private seq = -1;
    private readonly known = new Map<string, Preview>();

    at(seq: number): this {
        if (seq !== this.seq) this.known.clear();
        this.seq = seq;
        return this;
    }

    get(node: string, query: string): Preview | undefined {
        return this.known.get(callKey({ kind: "explore", node, query }));
    }

    set(node: string, query: string, one: Preview): void {
        this.known.set(callKey({ kind: "explore", node, query }), one);
    }
}
