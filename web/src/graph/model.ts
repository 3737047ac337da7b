// Nodes and edges as the investigation keeps them: plain data, read from answers of the API, never drawn here.
import type { Edge, Node } from "../api/types";
import { kindLabel } from "../ui/kinds";

export type NodeId = string;
export type EdgeId = string;

/** An instant in milliseconds since 1970. */
export type Instant = number;

export interface GraphNode {
    readonly id: NodeId;
    /** `incident`, `alert` or the kind of the entity. */
    readonly kind: string;
    readonly label: string;
    /** Edges in the whole graph, shown or not. */
    readonly degree: number;
    /** Whether the incident under investigation holds it. */
    readonly inside: boolean;
    readonly severity?: string;
    readonly status?: string;
    readonly tactics?: readonly string[];
    readonly first?: Instant;
    readonly last?: Instant;
}

export interface GraphEdge {
    readonly id: EdgeId;
    readonly source: NodeId;
    readonly relation: string;
    readonly target: NodeId;
    readonly role?: string;
    readonly first?: Instant;
    readonly last?: Instant;
    /** Records that assert it. */
    readonly count: number;
    /** Whether an alert of the incident says so. */
    readonly inside: boolean;
    /** The exploration that found it: such an edge is a finding, no assertion of the graph. */
    readonly query?: string;
}

export interface Batch {
    readonly nodes: readonly GraphNode[];
    readonly edges: readonly GraphEdge[];
}

/** The identity of an edge: its ends and what the source does to the target. */
export function edgeId(source: NodeId, relation: string, target: NodeId): EdgeId {
    return `${source}\n${relation}\n${target}`;
}

/** Reads a time of the API; nothing for none. */
export function instant(time: unknown): Instant | undefined {
    if (typeof time !== "string" || time === "") return undefined;
    const value = Date.parse(time);
    return Number.isNaN(value) ? undefined : value;
}

function text(value: unknown): string | undefined {
    return typeof value === "string" && value !== "" ? value : undefined;
}

/** Leaves out what is undefined, so that two equal things are deeply equal. */
function defined<T extends object>(value: T): T {
    return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

/** A node of an answer, seen from an investigation that holds the nodes for which `inside` says so. */
export function readNode(node: Node, inside: boolean): GraphNode {
    const facts = node.properties as Record<string, unknown>;
    return defined({
        id: node.id,
        kind: node.kind,
        label: node.label || node.id,
        degree: node.degree,
        inside,
        severity: text(facts.severity),
        status: text(facts.status),
        first: instant(facts.start) ?? instant(facts.first_activity),
        last: instant(facts.end) ?? instant(facts.last_activity),
    });
}

/** An edge of an answer; `query` names the exploration that found it. */
export function readEdge(edge: Edge, inside: boolean, query?: string): GraphEdge {
    return defined({
        id: edgeId(edge.source, edge.relation, edge.target),
        source: edge.source,
        relation: edge.relation,
        target: edge.target,
        role: edge.role ?? undefined,
        first: instant(edge.first),
        last: instant(edge.last),
        count: edge.count,
        inside,
        query,
    });
}

/** Joins what two answers say of one node: what is inside stays inside, known facts are not forgotten. */
export function joinNodes(before: GraphNode, after: GraphNode): GraphNode {
    const joined = { ...before, ...after, inside: before.inside || after.inside, degree: Math.max(before.degree, after.degree) };
    return same(before, joined) ? before : joined;
}

/** Joins what two answers say of one edge: the wider span, the greater count. */
export function joinEdges(before: GraphEdge, after: GraphEdge): GraphEdge {
    const joined = defined({
        ...before,
        ...after,
        first: least(before.first, after.first),
        last: greatest(before.last, after.last),
        count: Math.max(before.count, after.count),
        inside: before.inside || after.inside,
        role: after.role ?? before.role,
        query: before.query === undefined || after.query === undefined ? undefined : before.query,
    });
    return same(before, joined) ? before : joined;
}

export function least(a: number | undefined, b: number | undefined): number | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return Math.min(a, b);
}

export function greatest(a: number | undefined, b: number | undefined): number | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return Math.max(a, b);
}

function same(a: object, b: object): boolean {
    return JSON.stringify(a, Object.keys({ ...a, ...b }).sort()) === JSON.stringify(b, Object.keys({ ...a, ...b }).sort());
}

const RANKS = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"];

/** Order of severities: greater is worse. */
export function severityRank(severity: string | undefined): number {
    return severity === undefined ? 0 : Math.max(0, RANKS.indexOf(severity));
}

/** The words of a relation or kind: `failed_sign_in_from` reads `failed sign in from`. */
export function words(name: string): string {
    return name.replaceAll(/[_-]/g, " ");
}

/** `27 IPs`, `14 processes`: how many of a kind, for people. */
export function countOf(kind: string, count: number): string {
    const name = kind === "dns" ? "DNS name" : kindLabel(kind);
    const one = /^[A-Z]{2}/.test(name) ? name : name.toLowerCase();
    if (count === 1) return `1 ${one}`;
    if (/(?:s|x|ch|sh)$/.test(one)) return `${count} ${one}es`;
    return `${count} ${/[^aeiou]y$/.test(one) ? `${one.slice(0, -1)}ies` : `${one}s`}`;
}
