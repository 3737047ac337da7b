// Where nodes come from: each question to the API as data, so that an investigation can be told again from its address.
import { type Answer, ask } from "../api/client";
import type { Edge, Node, Table } from "../api/types";
import { formatCount } from "../state/time";
import {
    type Batch,
    countOf,
    type EdgeId,
    edgeId,
    type GraphEdge,
    type GraphNode,
    instant,
    type NodeId,
    readEdge,
    readNode,
} from "./model";
import type { GraphState } from "./state";

export type PathMode = "shortest" | "time" | "rare" | "all";

export type Call =
    | { readonly kind: "root"; readonly node: NodeId; readonly asOf?: string }
    | { readonly kind: "explore"; readonly node: NodeId; readonly query: string; readonly limit?: number }
    | { readonly kind: "neighbors"; readonly node: NodeId; readonly limit?: number }
    | { readonly kind: "paths"; readonly a: NodeId; readonly b: NodeId; readonly mode: PathMode }
    | { readonly kind: "common"; readonly a: NodeId; readonly b: NodeId }
    | { readonly kind: "blast"; readonly node: NodeId }
    | { readonly kind: "links" };

/** A question that was asked. */
export interface Load {
    readonly key: string;
    readonly call: Call;
    /** Its place among the questions. */
    readonly at: number;
    /** Nodes of the path or reach that the answer is about. */
    readonly trail?: readonly NodeId[];
    /** Its edges. */
    readonly links?: readonly EdgeId[];
}

/** What an answer brings, and what a person should know of it. */
export interface Found {
    readonly batch: Batch;
    readonly trail?: readonly NodeId[];
    readonly links?: readonly EdgeId[];
    /** The answer in a few words. */
    readonly said?: string;
    /** A limit cut the answer, hubs were not passed: in words. */
    readonly notes: readonly string[];
    /** Whether an exploration was cut: there are more results. */
    readonly more?: boolean;
    readonly table?: Table;
    readonly text?: string;
}

/** The same question has the same key. */
export function callKey(call: Call): string {
    const { kind, ...rest } = call;
    const limit = "limit" in rest ? { ...rest, limit: undefined } : rest;
    return [kind, ...Object.values(limit).filter((value) => value !== undefined)].join("\n");
}

/** Asks the API. `root` tells which nodes lie inside the investigated incident. */
export async function run(call: Call, state: GraphState, signal?: AbortSignal): Promise<Found> {
    const options = signal ? { signal } : {};
    switch (call.kind) {
        case "root":
            return root(call.node, call.asOf, options);
        case "explore": {
            const params = { entity: call.node, query: call.query, ...(call.limit ? { limit: call.limit } : {}) };
            const answer = await ask("explore", params, options);
            const found = await tied(subgraph(answer.graph, state, call.query), call.node, state, options);
            return {
                ...found,
                // How many results the limit left out, the card knows; here only that there are some.
                notes: answer.table.complete ? found.notes : [`the first ${formatCount(answer.table.rows.length)} results`],
                table: answer.table,
                text: exploreText(call.query, call.node),
                more: !answer.table.complete,
            };
        }
        case "neighbors": {
            const asOf = rootAsOf(state);
            const params = { node: call.node, limit: call.limit ?? 200, ...(asOf ? { as_of: asOf } : {}) };
            const answer = await ask("neighbors", params, options);
            return { ...subgraph(answer, state), more: !answer.complete };
        }
        case "paths":
            return paths(await ask("paths", { a: call.a, b: call.b, mode: call.mode }, options), state);
        case "common": {
            const found = subgraph(await ask("common", { a: call.a, b: call.b }, options), state);
            const count = Math.max(0, found.batch.nodes.length - 2);
            return { ...found, ...trailOf(found.batch), said: count === 0 ? "nothing in common" : countOf("neighbour", count) };
        }
        case "blast":
            return reach(await ask("blast_radius", { node: call.node }, options), state);
        case "links":
            return links(state, options);
    }
}

interface Options {
    signal?: AbortSignal;
}

/** The instant whose knowledge the roots show, where it is a past one. */
function rootAsOf(state: GraphState): string | undefined {
    for (const { call } of state.loads.values()) if (call.kind === "root") return call.asOf;
    return undefined;
}

/** An exploration query of an entity as KQL that anybody can run. */
export function exploreText(query: string, node: NodeId): string {
    return `explore(${JSON.stringify(query)}, ${JSON.stringify(node)})`;
}

const insideOf = (state: GraphState) => (id: NodeId) => state.nodes.get(id)?.inside ?? false;

function batch(nodes: readonly Node[], edges: readonly Edge[], inside: (id: NodeId) => boolean, query?: string): Batch {
    return {
        nodes: nodes.map((node) => readNode(node, inside(node.id))),
        edges: edges.map((edge) => readEdge(edge, query === undefined && inside(edge.source) && inside(edge.target), query)),
    };
}

interface Cut {
    complete: boolean;
    cut?: string | null;
    total?: number | null;
    hubs?: readonly string[];
}

/** The limits of an answer in words. */
export function notesOf(answer: Cut): string[] {
    const notes: string[] = [];
    // A page's own limit is no surprise: how many there are says more.
    if (!answer.complete && answer.cut === "limit")
        notes.push(answer.total ? `the newest of ${formatCount(answer.total)} links` : "there are more than these");
    else if (!answer.complete && answer.cut) notes.push(`cut by the limit ${answer.cut}`);
    const hubs = answer.hubs ?? [];
    if (hubs.length > 0) notes.push(`not passed through ${hubs.length === 1 ? `the hub ${hubs[0]}` : `${hubs.length} hubs`}`);
    return notes;
}

function subgraph(answer: Answer<"neighbors">, state: GraphState, query?: string): Found {
    // Findings carry the query's name as their relation; asserted edges of the graph keep their own.
    const own = query !== undefined && answer.edges.every((edge) => edge.evidence.length === 0) ? query : undefined;
    return { batch: batch(answer.nodes, answer.edges, insideOf(state), own), notes: notesOf(answer) };
}

/** Alerts that an answer leaves loose, tied to what was asked about by the links that they have with it. */
async function tied(found: Found, asked: NodeId, state: GraphState, options: Options): Promise<Found> {
    const self = found.batch.nodes[0]?.id ?? asked;
    const ends = new Set(found.batch.edges.filter((edge) => edge.source === self || edge.target === self).flatMap(endsOf));
    const loose = found.batch.nodes.filter((node) => node.kind === "alert" && !ends.has(node.id)).map((node) => node.id);
    if (loose.length === 0 || loose.length > LINKED_MAX) return found;
    const edges = (await relations([...loose, self], state, options)).edges.filter((edge) => edge.source === self || edge.target === self);
    return { ...found, batch: { ...found.batch, edges: [...found.batch.edges, ...edges] } };
}

const endsOf = ({ source, target }: { source: NodeId; target: NodeId }): NodeId[] => [source, target];

function paths(answer: Answer<"paths">, state: GraphState): Found {
    const trail = [...new Set(answer.paths.flatMap((path) => path.nodes))];
    const edges = answer.paths.flatMap((path) => path.edges);
    const found = batch(answer.nodes, edges, insideOf(state));
    const [first] = answer.paths;
    const more = answer.paths.length > 1 ? `, ${answer.paths.length} of them` : "";
    const said = first ? `${countOf("link", first.edges.length)} long${more}` : "there is none";
    return { batch: found, ...trailOf(found), trail, said, notes: notesOf(answer) };
}

function trailOf({ nodes, edges }: Batch) {
    return { trail: nodes.map((node) => node.id), links: edges.map((edge) => edge.id) };
}

function reach(answer: Answer<"blast_radius">, state: GraphState): Found {
    const trail = [...new Set([...answer.reached.map((row) => row.id), ...answer.edges.flatMap((edge) => [edge.source, edge.target])])];
    const found = batch(answer.reached, answer.edges, insideOf(state));
    const kinds = Object.entries(answer.kinds)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 4)
        .map(([kind, count]) => countOf(kind, count));
    const said = kinds.length === 0 ? "nothing is reached" : `reaches ${kinds.join(", ")}`;
    return { batch: found, trail, links: found.edges.map((edge) => edge.id), said, notes: notesOf(answer) };
}

/** Alerts of an incident whose entities are asked for one by one where the walk was cut. */
const ALERTS_ASKED_MAX = 500;
const ALERTS_AT_ONCE = 6;

async function root(node: NodeId, asOf: string | undefined, options: Options): Promise<Found> {
    const then = asOf ? { as_of: asOf } : {};
    if (!node.startsWith("incident:")) {
        const answer = await ask("neighbors", { ...then, node, limit: 200 }, options);
        // Nothing is inside an incident here: what was asked about is at home, the rest is not.
        const self = answer.nodes[0]?.id ?? node;
        return { batch: batch(answer.nodes, answer.edges, (id) => id === self), notes: notesOf(answer), more: !answer.complete };
    }
    const id = node.slice("incident:".length);
    const [incident, answer] = await Promise.all([
        ask("incident", { ...then, id }, options),
        ask("neighbors", { ...then, node, hops: 2, limit: 10_000 }, options),
    ]);
    const nodes = new Map<NodeId, Node>(answer.nodes.map((found) => [found.id, found]));
    const edges = new Map(answer.edges.map((edge) => [edgeId(edge.source, edge.relation, edge.target), edge]));
    // The walk keeps the newest edges of each node only: alerts that it did not follow to the end are asked for by name.
    const cut = new Set(answer.partial);
    const followed = new Set(answer.edges.map((edge) => edge.source).filter((alert) => !cut.has(alert)));
    const missing = incident.alerts_list.map((alert) => `alert:${alert.id}`).filter((alert) => !followed.has(alert));
    const rest = missing.slice(0, ALERTS_ASKED_MAX);
    const queue = [...rest];
    const worker = async () => {
        for (let alert = queue.shift(); alert; alert = queue.shift()) {
            const found = await ask("neighbors", { ...then, node: alert, limit: 500 }, options);
            for (const one of found.nodes) nodes.set(one.id, one);
            for (const edge of found.edges) edges.set(edgeId(edge.source, edge.relation, edge.target), edge);
        }
    };
    await Promise.all(Array.from({ length: ALERTS_AT_ONCE }, worker));
    const alerts = new Map(incident.alerts_list.map((alert) => [`alert:${alert.id}`, alert]));
    const self = `incident:${incident.id}`;
    const edgeList = [...edges.values()].filter((edge) => edge.source === self || alerts.has(edge.source));
    const inside = new Set([self, ...edgeList.map((edge) => edge.target)]);
    // Answers come in any order: what is laid out must not depend on it.
    edgeList.sort((a, b) => compare(edgeId(a.source, a.relation, a.target), edgeId(b.source, b.relation, b.target)));
    const found = batch(
        [...nodes.values()]
            .filter((one) => inside.has(one.id))
            .sort((a, b) => Number(b.id === self) - Number(a.id === self) || compare(a.id, b.id)),
        edgeList,
        (one) => inside.has(one),
    );
    const withTactics = found.nodes.map((one): GraphNode => {
        const tactics = alerts.get(one.id)?.tactics ?? (one.id === self ? incident.tactics : []);
        return tactics.length > 0 ? { ...one, tactics } : one;
    });
    const notes = notesOf(answer);
    if (missing.length > rest.length) notes.push(`the entities of ${missing.length - rest.length} alerts are not drawn`);
    return { batch: { nodes: withTactics, edges: found.edges }, notes };
}

function compare(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
}

/** Nodes whose links among each other are asked for at once at the most. */
const LINKED_MAX = 2_000;
const LINK_ROWS_MAX = 10_000;

/** Every relation between entities that are shown, aggregated. */
async function links(state: GraphState, options: Options): Promise<Found> {
    const entities = [...state.nodes.values()].filter((node) => node.kind !== "alert" && node.kind !== "incident").map((node) => node.id);
    const ids = entities.slice(0, LINKED_MAX);
    if (ids.length < 2) return { batch: { nodes: [], edges: [] }, notes: [] };
    const { edges, table, text } = await relations(ids, state, options);
    const notes = notesOf(table);
    if (entities.length > ids.length) notes.push(`links of the first ${LINKED_MAX} entities`);
    return { batch: { nodes: [], edges }, notes, text };
}

/** Every relation between some nodes, aggregated. */
async function relations(ids: readonly NodeId[], state: GraphState, options: Options) {
    const list = ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ");
    const text = `SELECT "SourceId", "Relation", "TargetId", min("FirstTime"), max("LastTime"), sum("Count") FROM "Relations"
WHERE "SourceId" IN (${list}) AND "TargetId" IN (${list}) AND "SourceId" <> "TargetId" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
    const table = await ask("query", {}, { ...options, body: { lang: "sql", text, limit: LINK_ROWS_MAX } as never });
    const inside = insideOf(state);
    const edges = table.rows.map((row): GraphEdge => {
        const [source, relation, target] = row.slice(0, 3).map(String) as [string, string, string];
        const [first, last] = [instant(row[3]), instant(row[4])];
        return {
            id: edgeId(source, relation, target),
            source,
            relation,
            target,
            ...(first === undefined ? {} : { first }),
            ...(last === undefined ? {} : { last }),
            count: Number(row[5] ?? 1),
            inside: inside(source) && inside(target),
        };
    });
    return { edges, table, text };
}

/** A question in words, for the history and the list of questions. */
export function describe(call: Call, name: (id: NodeId) => string): string {
    switch (call.kind) {
        case "root":
            return name(call.node);
        case "explore":
            return `${call.query.split("/").at(-1)?.replaceAll("-", " ")} of ${name(call.node)}`;
        case "neighbors":
            return `all links of ${name(call.node)}`;
        case "paths":
            return `${call.mode === "time" ? "path in time" : `${call.mode} path`} from ${name(call.a)} to ${name(call.b)}`;
        case "common":
            return `common neighbours of ${name(call.a)} and ${name(call.b)}`;
        case "blast":
            return `blast radius of ${name(call.node)}`;
        case "links":
            return "links between what is shown";
    }
}
