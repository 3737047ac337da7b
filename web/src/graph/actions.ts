// What a person can do to the investigation, and the change that each deed is. Pure: the same deed on the same state is the same change.
import type { Load } from "./loads";
import { type Batch, joinEdges, joinNodes, type NodeId } from "./model";
import type { Change, GraphState, Point, Settings, Slice, Step } from "./state";

export type Action =
    | { readonly type: "load"; readonly load: Load; readonly batch: Batch }
    | { readonly type: "hide" | "show" | "collapse" | "expand" | "ungroup" | "regroup" | "isolate"; readonly ids: readonly NodeId[] }
    | { readonly type: "unisolate" | "showAll" | "unpinAll" }
    | { readonly type: "pin"; readonly places: ReadonlyMap<NodeId, Point> }
    | { readonly type: "unpin" | "remove" | "include"; readonly ids: readonly NodeId[] }
    | SetAction;

type SetAction = {
    readonly [K in keyof Settings]: { readonly type: "set"; readonly name: K; readonly value: Settings[K] | undefined };
}[keyof Settings];

/** The change that an action is on a state; empty when it changes nothing. */
export function changeOf(state: GraphState, action: Action): Change {
    switch (action.type) {
        case "load":
            return loading(state, action.load, action.batch);
        case "hide":
            return put(state, "hidden", action.ids);
        case "show":
            return drop(state, "hidden", action.ids);
        case "showAll":
            return drop(state, "hidden", [...state.hidden.keys()]);
        case "collapse":
            return put(state, "collapsed", action.ids);
        case "expand":
            return drop(state, "collapsed", action.ids);
        case "ungroup":
            return put(state, "ungrouped", action.ids);
        case "regroup":
            return drop(state, "ungrouped", action.ids);
        case "isolate":
            return [...drop(state, "isolated", without(state.isolated, action.ids)), ...put(state, "isolated", action.ids)];
        case "unisolate":
            return drop(state, "isolated", [...state.isolated.keys()]);
        case "pin":
            return [...action.places].flatMap(([id, point]) => (state.nodes.has(id) ? step(state, "pinned", id, point) : []));
        case "unpin":
            return drop(state, "pinned", action.ids);
        case "unpinAll":
            return drop(state, "pinned", [...state.pinned.keys()]);
        case "remove":
            return removing(state, action.ids);
        case "include":
            return including(state, action.ids);
        case "set":
            return step(state, "settings", action.name, action.value);
    }
}

function step(state: GraphState, slice: Slice, key: string, after: unknown): Step[] {
    const before = (state[slice] as ReadonlyMap<string, unknown>).get(key);
    return before === after ? [] : [{ slice, key, before, after }];
}

function put(state: GraphState, slice: Slice, ids: readonly NodeId[]): Step[] {
    return [...new Set(ids)].filter((id) => state.nodes.has(id)).flatMap((id) => step(state, slice, id, true));
}

function drop(state: GraphState, slice: Slice, ids: readonly NodeId[]): Step[] {
    return [...new Set(ids)].flatMap((id) => step(state, slice, id, undefined));
}

function without(map: ReadonlyMap<NodeId, true>, ids: readonly NodeId[]): NodeId[] {
    const kept = new Set(ids);
    return [...map.keys()].filter((id) => !kept.has(id));
}

/** What an answer brings joins what is there. A node that was hidden and is found again is shown again. */
function loading(state: GraphState, load: Load, batch: Batch): Step[] {
    const steps: Step[] = [];
    const nodes = new Map(state.nodes);
    for (const node of batch.nodes) {
        const known = nodes.get(node.id);
        const after = known ? joinNodes(known, node) : node;
        nodes.set(node.id, after);
    }
    for (const id of new Set(batch.nodes.map((node) => node.id))) {
        steps.push(...step(state, "nodes", id, nodes.get(id)), ...step(state, "hidden", id, undefined));
        if (state.isolated.size > 0) steps.push(...step(state, "isolated", id, true));
    }
    const edges = new Map(state.edges);
    for (const edge of batch.edges) {
        // An edge to a node that the answer cut away has no end to be drawn at.
        if (!nodes.has(edge.source) || !nodes.has(edge.target)) continue;
        const known = edges.get(edge.id);
        edges.set(edge.id, known ? joinEdges(known, edge) : edge);
    }
    for (const id of new Set(batch.edges.map((edge) => edge.id))) {
        if (edges.has(id)) steps.push(...step(state, "edges", id, edges.get(id)));
    }
    const known = state.loads.get(load.key);
    // The same question again keeps its place, so that asking twice is no second deed.
    const after = known ? { ...load, at: known.at } : load;
    if (!known || JSON.stringify(known) !== JSON.stringify(after)) steps.push(...step(state, "loads", load.key, after));
    if (load.trail) steps.push(...step(state, "settings", "trail", load.key));
    return steps;
}

function removing(state: GraphState, ids: readonly NodeId[]): Step[] {
    const gone = new Set(ids.filter((id) => state.nodes.has(id)));
    if (gone.size === 0) return [];
    const steps: Step[] = [];
    for (const edge of state.edges.values()) {
        if (gone.has(edge.source) || gone.has(edge.target)) steps.push(...step(state, "edges", edge.id, undefined));
    }
    for (const slice of ["hidden", "pinned", "collapsed", "ungrouped", "isolated", "nodes"] as const) {
        steps.push(...drop(state, slice, [...gone]));
    }
    return steps;
}

function including(state: GraphState, ids: readonly NodeId[]): Step[] {
    return ids.flatMap((id) => {
        const node = state.nodes.get(id);
        return node && !node.inside ? step(state, "nodes", id, { ...node, inside: true }) : [];
    });
}
