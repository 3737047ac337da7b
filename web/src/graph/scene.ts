// What is to be drawn: the state without what is hidden, folded, later than the chosen instant; alike nodes and parallel edges as one.
import { groupAlike } from "./groups";
import { countOf, type EdgeId, type GraphEdge, type GraphNode, greatest, least, type NodeId, severityRank } from "./model";
import { type GraphState, groupingOf, setting } from "./state";

export interface SceneNode {
    /** Id of the node, or of the group. */
    readonly id: string;
    readonly kind: string;
    readonly label: string;
    /** The nodes it stands for: itself, or the members of the group. */
    readonly members: readonly NodeId[];
    readonly inside: boolean;
    readonly severity?: string;
    readonly tactics: readonly string[];
    readonly degree: number;
    readonly first?: number;
    readonly last?: number;
    /** Nodes that were folded into it. */
    readonly folded: number;
    readonly root: boolean;
    readonly pinned: boolean;
    /** Lies outside the brushed window: drawn faintly, not counted. */
    readonly dim: boolean;
    /** Lies on the marked path. */
    readonly trail: boolean;
}

export interface SceneEdge {
    readonly id: string;
    readonly source: string;
    readonly target: string;
    /** The edges of the state it stands for. */
    readonly edges: readonly EdgeId[];
    /** Their relations, each once. */
    readonly relations: readonly string[];
    readonly inside: boolean;
    /** Whether one leads from source to target, and one from target to source. */
    readonly forward: boolean;
    readonly backward: boolean;
    readonly dim: boolean;
    readonly trail: boolean;
    readonly first?: number;
    readonly last?: number;
}

export interface Scene {
    readonly nodes: readonly SceneNode[];
    readonly edges: readonly SceneEdge[];
    /** The drawn thing that stands for a node of the state. */
    readonly place: ReadonlyMap<NodeId, string>;
    readonly byId: ReadonlyMap<string, SceneNode>;
    /** Drawn edges of each drawn node. */
    readonly touching: ReadonlyMap<string, readonly SceneEdge[]>;
    /** How many nodes of the state are not to be seen, by reason. */
    readonly absent: { readonly hidden: number; readonly later: number; readonly isolated: number };
}

/** The scene of a state. `roots` are what the investigation began with: they are always shown. */
export function sceneOf(state: GraphState, roots: ReadonlySet<NodeId>): Scene {
    const absent = { hidden: 0, later: 0, isolated: 0 };
    const nodes = visible(state, absent);
    const edges = [...state.edges.values()].filter((edge) => nodes.has(edge.source) && nodes.has(edge.target));
    const folds = fold(nodes, edges, state.collapsed, roots);
    const kept = [...nodes.values()].filter((node) => !folds.has(node.id));
    const keptEdges = edges.filter((edge) => !folds.has(edge.source) && !folds.has(edge.target));
    const groups = groupingOf(state) ? groupAlike(kept, keptEdges, free(state, roots)) : new Map<string, NodeId[]>();
    // The chosen instant comes last: folds and groups stay the same while it moves, and so do all places.
    const now = upTo(state, roots, kept, keptEdges);
    absent.later = kept.length - now.nodes.length;
    return assemble(state, roots, now.nodes, now.edges, groups, folds, absent);
}

function visible(state: GraphState, absent: { hidden: number; isolated: number }): Map<NodeId, GraphNode> {
    const nodes = new Map<NodeId, GraphNode>();
    for (const node of state.nodes.values()) {
        if (state.hidden.has(node.id)) absent.hidden += 1;
        else if (state.isolated.size > 0 && !state.isolated.has(node.id)) absent.isolated += 1;
        else nodes.set(node.id, node);
    }
    return nodes;
}

/** What had begun at the chosen instant. An alert begins by itself, an entity with its first edge. */
function upTo(
    state: GraphState,
    roots: ReadonlySet<NodeId>,
    nodes: readonly GraphNode[],
    edges: readonly GraphEdge[],
): { nodes: readonly GraphNode[]; edges: readonly GraphEdge[] } {
    const asOf = setting(state, "asOf");
    if (asOf === undefined) return { nodes, edges };
    const begun = (first: number | undefined) => first === undefined || first <= asOf;
    const there = new Set(nodes.filter((node) => roots.has(node.id) || begun(node.first)).map((node) => node.id));
    const kept = edges.filter((edge) => begun(edge.first) && there.has(edge.source) && there.has(edge.target));
    const linked = new Set(kept.flatMap((edge) => [edge.source, edge.target]));
    const ever = new Set(edges.flatMap((edge) => [edge.source, edge.target]));
    const shown = nodes.filter(
        (node) => there.has(node.id) && (roots.has(node.id) || node.first !== undefined || linked.has(node.id) || !ever.has(node.id)),
    );
    return { nodes: shown, edges: kept };
}

/** Nodes that only a collapsed node connects with the roots, each with the node that it is folded into. */
export function fold(
    nodes: ReadonlyMap<NodeId, GraphNode>,
    edges: readonly GraphEdge[],
    collapsed: ReadonlyMap<NodeId, true>,
    roots: ReadonlySet<NodeId>,
): Map<NodeId, NodeId> {
    const folds = new Map<NodeId, NodeId>();
    const closed = [...collapsed.keys()].filter((id) => nodes.has(id));
    if (closed.length === 0) return folds;
    const near = adjacency(edges);
    const reached = new Set<NodeId>();
    const spread = (from: readonly NodeId[], visit: (id: NodeId) => boolean) => {
        const queue = [...from];
        for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
            for (const other of near.get(id) ?? []) if (visit(other)) queue.push(other);
        }
    };
    const open = (id: NodeId) => {
        if (reached.has(id)) return false;
        reached.add(id);
        return !collapsed.has(id);
    };
    const begin = [...roots].filter((id) => nodes.has(id));
    for (const id of begin) reached.add(id);
    spread(
        begin.filter((id) => !collapsed.has(id)),
        open,
    );
    const collapsedRoots = begin.filter((id) => collapsed.has(id));
    if (collapsedRoots.length > 0) for (const id of collapsedRoots) foldInto(id, reached, near, folds);
    for (const id of closed) if (reached.has(id)) foldInto(id, reached, near, folds);
    return folds;
}

function foldInto(
    id: NodeId,
    reached: ReadonlySet<NodeId>,
    near: ReadonlyMap<NodeId, readonly NodeId[]>,
    folds: Map<NodeId, NodeId>,
): void {
    const queue = [id];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
        for (const other of near.get(at) ?? []) {
            if (reached.has(other) || folds.has(other) || other === id) continue;
            folds.set(other, id);
            queue.push(other);
        }
    }
}

function adjacency(edges: readonly { source: string; target: string }[]): Map<string, string[]> {
    const near = new Map<string, string[]>();
    for (const edge of edges) {
        put(near, edge.source, edge.target);
        put(near, edge.target, edge.source);
    }
    return near;
}

/** Whether a node may be taken into a group: not what a person singled out. */
function free(state: GraphState, roots: ReadonlySet<NodeId>): (node: GraphNode) => boolean {
    const { nodes } = trailOf(state);
    // A path is shown node by node; of a wide reach the alike stay together.
    const trail = nodes.size <= TRAIL_ALONE_MAX ? nodes : new Set<NodeId>();
    return (node) =>
        !roots.has(node.id) &&
        !state.ungrouped.has(node.id) &&
        !state.pinned.has(node.id) &&
        !state.collapsed.has(node.id) &&
        !trail.has(node.id) &&
        node.kind !== "incident";
}

/** Nodes of a marked trail are kept out of groups up to this many. */
const TRAIL_ALONE_MAX = 24;

interface Trail {
    readonly nodes: ReadonlySet<NodeId>;
    readonly edges: ReadonlySet<EdgeId>;
}

function trailOf(state: GraphState): Trail {
    const key = setting(state, "trail");
    const load = key === undefined ? undefined : state.loads.get(key);
    return { nodes: new Set(load?.trail), edges: new Set(load?.links) };
}

function outsideWindow(state: GraphState, first: number | undefined, last: number | undefined): boolean {
    const window = setting(state, "window");
    if (!window || (first === undefined && last === undefined)) return false;
    return (first ?? last ?? 0) > window[1] || (last ?? first ?? 0) < window[0];
}

function assemble(
    state: GraphState,
    roots: ReadonlySet<NodeId>,
    nodes: readonly GraphNode[],
    edges: readonly GraphEdge[],
    groups: ReadonlyMap<string, readonly NodeId[]>,
    folds: ReadonlyMap<NodeId, NodeId>,
    absent: Scene["absent"],
): Scene {
    const place = new Map<NodeId, string>();
    for (const node of nodes) place.set(node.id, node.id);
    for (const [group, members] of groups) for (const id of members) place.set(id, group);
    const trail = trailOf(state);
    const sceneEdges = bundle(state, edges, place, trail.edges);
    const touching = new Map<string, SceneEdge[]>();
    for (const edge of sceneEdges) {
        put(touching, edge.source, edge);
        put(touching, edge.target, edge);
    }
    const foldCounts = new Map<NodeId, number>();
    for (const into of folds.values()) foldCounts.set(into, (foldCounts.get(into) ?? 0) + 1);
    for (const [id, into] of folds) place.set(id, place.get(into) ?? into);
    const members = new Map<string, GraphNode[]>();
    for (const node of nodes) put(members, place.get(node.id) ?? node.id, node);
    const around: Around = { roots, trail: trail.nodes, foldCounts };
    const drawn: SceneNode[] = [];
    const byId = new Map<string, SceneNode>();
    for (const [id, list] of members) {
        const node = drawnNode(state, id, list, touching.get(id) ?? [], around);
        drawn.push(node);
        byId.set(id, node);
    }
    return { nodes: drawn, edges: sceneEdges, place, byId, touching, absent };
}

function put<T>(lists: Map<string, T[]>, key: string, one: T): void {
    const list = lists.get(key);
    if (list) list.push(one);
    else lists.set(key, [one]);
}

interface Around {
    readonly roots: ReadonlySet<NodeId>;
    readonly trail: ReadonlySet<NodeId>;
    readonly foldCounts: ReadonlyMap<NodeId, number>;
}

const NO_TACTICS: readonly string[] = [];

/** A thing that is being put together: a picture has thousands, so that nothing is copied on the way. */
type Made<T> = { -readonly [K in keyof T]: T[K] };

function drawnNode(state: GraphState, id: string, list: readonly GraphNode[], spans: readonly SceneEdge[], around: Around): SceneNode {
    const one = list[0] as GraphNode;
    const several = list.length > 1;
    let { first, last, severity, degree } = one;
    let inside = false;
    let timed = false;
    let outside = true;
    let alike = true;
    let trail = false;
    for (const node of list) {
        first = least(first, node.first);
        last = greatest(last, node.last);
        if (several && severityRank(node.severity) > severityRank(severity)) severity = node.severity;
        if (node.degree > degree) degree = node.degree;
        inside ||= node.inside;
        timed ||= node.first !== undefined;
        outside &&= outsideWindow(state, node.first, node.last);
        alike &&= node.kind === "alert" && node.label === one.label;
        trail ||= around.trail.has(node.id);
    }
    if (!timed) {
        for (const edge of spans) {
            first = least(first, edge.first);
            last = greatest(last, edge.last);
        }
    }
    // An entity happens when its edges do; an alert has times of its own.
    const dim = timed ? outside : spans.length > 0 && spans.every((edge) => edge.dim);
    const root = around.roots.has(one.id);
    const made: Made<SceneNode> = {
        id,
        kind: one.kind,
        label: several && !alike ? countOf(one.kind, list.length) : one.label,
        members: several ? list.map((node) => node.id) : [one.id],
        inside,
        tactics: several ? [...new Set(list.flatMap((node) => node.tactics ?? []))] : (one.tactics ?? NO_TACTICS),
        degree,
        folded: around.foldCounts.get(one.id) ?? 0,
        root,
        pinned: state.pinned.has(one.id),
        dim: dim && !root,
        trail,
    };
    if (severity !== undefined) made.severity = severity;
    if (first !== undefined) made.first = first;
    if (last !== undefined) made.last = last;
    return made;
}

/** An edge of the scene while edges still join it. */
interface Bundle extends Omit<Made<SceneEdge>, "edges" | "relations"> {
    readonly edges: EdgeId[];
    readonly relations: string[];
}

/** Edges between the same two drawn things as one. */
function bundle(
    state: GraphState,
    edges: readonly GraphEdge[],
    place: ReadonlyMap<NodeId, string>,
    trail: ReadonlySet<EdgeId>,
): SceneEdge[] {
    // Two numbers make a key that costs less than two names.
    const numbers = new Map<string, number>();
    const numberOf = (id: string) => {
        let number = numbers.get(id);
        if (number === undefined) {
            number = numbers.size;
            numbers.set(id, number);
        }
        return number;
    };
    const most = place.size + 1;
    const bundles = new Map<number, Bundle>();
    for (const edge of edges) {
        const source = place.get(edge.source) ?? edge.source;
        const target = place.get(edge.target) ?? edge.target;
        if (source === target) continue;
        const [from, to] = [numberOf(source), numberOf(target)];
        const key = from < to ? from * most + to : to * most + from;
        let found = bundles.get(key);
        if (!found) {
            found = {
                id: source < target ? `${source}\n${target}` : `${target}\n${source}`,
                source,
                target,
                edges: [],
                relations: [],
                inside: false,
                forward: false,
                backward: false,
                dim: true,
                trail: false,
            };
            bundles.set(key, found);
        }
        found.edges.push(edge.id);
        if (!found.relations.includes(edge.relation)) found.relations.push(edge.relation);
        found.inside ||= edge.inside;
        if (found.source === source) found.forward = true;
        else found.backward = true;
        found.dim &&= outsideWindow(state, edge.first, edge.last);
        found.trail ||= trail.has(edge.id);
        const first = least(found.first, edge.first);
        const last = greatest(found.last, edge.last);
        if (first !== undefined) found.first = first;
        if (last !== undefined) found.last = last;
    }
    return [...bundles.values()];
}
