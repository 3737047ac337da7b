// Investigations for tests and for the measuring page: made from a seed, the same on every machine.
import { random } from "./layout/layout";
import type { Load } from "./loads";
import { type Batch, edgeId, type GraphEdge, type GraphNode } from "./model";

export function node(id: string, more: Partial<GraphNode> = {}): GraphNode {
    const kind = id.split(":")[0] ?? "";
    return { id, kind, label: id.slice(kind.length + 1) || id, degree: 1, inside: true, ...more };
}

export function edge(source: string, relation: string, target: string, more: Partial<GraphEdge> = {}): GraphEdge {
    return { id: edgeId(source, relation, target), source, relation, target, count: 1, inside: true, ...more };
}

export function load(key: string, more: Partial<Load> = {}): Load {
    return { key, call: { kind: "root", node: key }, at: 0, ...more };
}

const KINDS = ["host", "account", "ip", "process", "file", "url"];
const SEVERITIES = ["High", "Medium", "Low", "Informational"];
const BEGIN = Date.UTC(2026, 0, 1);

/** An incident with alerts and entities: `nodes` nodes and about `edges` edges. */
export function synthetic(nodes: number, edges: number, seed = 1): Batch {
    const next = random(seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T;
    const alerts = Math.max(1, Math.round(nodes * 0.12));
    const list: GraphNode[] = [node("incident:1", { label: "Synthetic incident", severity: "High" })];
    for (let index = 0; index < alerts; index += 1) {
        const first = BEGIN + Math.floor(next() * 86_400_000);
        list.push(
            node(`alert:${index}`, {
                label: `Alert number ${index}`,
                severity: pick(SEVERITIES),
                first,
                tactics: index % 3 ? ["Execution"] : [],
            }),
        );
    }
    for (let index = list.length; index < nodes; index += 1) {
        list.push(node(`${pick(KINDS)}:${index}`, { inside: next() > 0.2, degree: 1 + Math.floor(next() * 50) }));
    }
    const links = new Map<string, GraphEdge>();
    const put = (one: GraphEdge) => links.set(one.id, one);
    for (let index = 0; index < alerts; index += 1) put(edge("incident:1", "contains", `alert:${index}`));
    const entities = list.slice(alerts + 1);
    for (const one of entities) put(edge(`alert:${Math.floor(next() * alerts)}`, "involves", one.id, { inside: one.inside, first: BEGIN }));
    // Some things are everywhere: their squares draw more links.
    for (let tries = 0; tries < edges * 4 && links.size < edges && entities.length > 1; tries += 1) {
        const target = entities[Math.floor(next() ** 2 * entities.length)] as GraphNode;
        put(edge(`alert:${Math.floor(next() * alerts)}`, "involves", target.id, { inside: target.inside }));
    }
    return { nodes: list, edges: [...links.values()] };
}
