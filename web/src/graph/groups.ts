// Alike nodes as one: repeats of an alert, and entities of one kind that are linked with the same things in the same way.
import type { GraphEdge, GraphNode, NodeId } from "./model";

/** Fewer repeats of an alert than this stand alone. */
const ALERTS_MIN = 2;
/** Fewer entities than this stand alone. */
const ENTITIES_MIN = 3;
/** Pictures with more things than this bring alerts together that hit the same targets, whatever their titles. */
const CROWDED = 90;
/** Alerts that must name a thing, at least and as a share of all, for it to be a common target. */
const COMMON_TARGET_MIN = 3;
const COMMON_TARGET_SHARE = 0.15;
/** Each round can make entities alike that the round before brought together around them. */
const ROUNDS = 3;

/** Groups by id, each with its members in the order in which they came. `free` says which nodes may be taken. */
export function groupAlike(
    nodes: readonly GraphNode[],
    edges: readonly GraphEdge[],
    free: (node: GraphNode) => boolean,
): Map<string, NodeId[]> {
    const place = new Map<NodeId, string>();
    const groups = new Map<string, NodeId[]>();
    const candidates = nodes.filter(free);
    const around = neighborhoods(edges);
    const gather = (signature: (node: GraphNode) => string | undefined, fewest: number) => {
        const alike = new Map<string, GraphNode[]>();
        for (const node of candidates) {
            if (place.has(node.id)) continue;
            const key = signature(node);
            if (key === undefined) continue;
            const list = alike.get(key);
            if (list) list.push(node);
            else alike.set(key, [node]);
        }
        let found = 0;
        for (const list of alike.values()) {
            const first = list[0];
            if (!first || list.length < fewest) continue;
            const id = `group:${first.id}`;
            groups.set(
                id,
                list.map((node) => node.id),
            );
            for (const node of list) place.set(node.id, id);
            found += 1;
        }
        return found;
    };
    const parents = (id: NodeId) => {
        const names = (around.get(id) ?? []).filter((link) => link.incoming && link.relation === "contains").map((link) => link.other);
        return [...new Set(names)].sort().join("\n");
    };
    const repeats = (node: GraphNode) =>
        node.kind === "alert" ? `${node.inside}\n${node.severity}\n${node.label}\n${parents(node.id)}` : undefined;
    const gatherEntities = () => {
        for (let round = 0; round < ROUNDS; round += 1) {
            const found = gather((node) => {
                const links = around.get(node.id);
                if (node.kind === "alert" || !links) return undefined;
                const ends = links.map((link) => `${link.incoming ? "<" : ">"}${link.relation} ${place.get(link.other) ?? link.other}`);
                return `${node.kind}\n${node.inside}\n${[...new Set(ends)].sort().join("\n")}`;
            }, ENTITIES_MIN);
            if (found === 0) break;
        }
    };
    gather(repeats, ALERTS_MIN);
    gatherEntities();
    if (nodes.length - place.size + groups.size > CROWDED) {
        // Targets are what many alerts name: what one or two name says nothing about the company that they keep.
        const alerts = nodes.filter((node) => node.kind === "alert").length;
        const many = Math.max(COMMON_TARGET_MIN, alerts * COMMON_TARGET_SHARE);
        const targets = new Map(
            nodes.map((node) => [node.id, new Set((around.get(node.id) ?? []).map((link) => link.other)).size >= many]),
        );
        for (const [id, members] of [...groups]) {
            // Repeats take part as what they are: their groups are opened and brought together anew.
            if (!members.some((member) => candidates.some((node) => node.id === member && node.kind === "alert"))) continue;
            groups.delete(id);
            for (const member of members) place.delete(member);
        }
        gather((node) => {
            if (node.kind !== "alert") return undefined;
            const ends = (around.get(node.id) ?? []).filter((link) => targets.get(link.other)).map((link) => link.other);
            return `${node.inside}\n${node.severity}\n${[...new Set(ends)].sort().join("\n")}`;
        }, ENTITIES_MIN);
        gather(repeats, ALERTS_MIN);
        gatherEntities();
    }
    return groups;
}

interface Link {
    readonly other: NodeId;
    readonly relation: string;
    readonly incoming: boolean;
}

function neighborhoods(edges: readonly GraphEdge[]): Map<NodeId, Link[]> {
    const around = new Map<NodeId, Link[]>();
    const add = (id: NodeId, link: Link) => {
        const list = around.get(id);
        if (list) list.push(link);
        else around.set(id, [link]);
    };
    for (const edge of edges) {
        add(edge.source, { other: edge.target, relation: edge.relation, incoming: false });
        add(edge.target, { other: edge.source, relation: edge.relation, incoming: true });
    }
    return around;
}
