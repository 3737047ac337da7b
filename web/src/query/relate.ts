// Reads a graph out of a table: nodes and edges of graph queries, the table of relations, or pairs of two columns of any result.
import type { Column, Table } from "../api/types";
import { type Batch, edgeId, type GraphEdge, type GraphNode, instant, joinEdges, joinNodes } from "../graph/model";

/** The columns that make the edges of a plain table. */
export interface Pair {
    from: number;
    to: number;
}

/** What the names of columns say of their values. */
const kinds: readonly (readonly [RegExp, string])[] = [
    [/incident/i, "incident"],
    [/alert/i, "alert"],
    [/(user|account|caller|actor|owner|upn|identity|principal)/i, "account"],
    [/(^|_)(ip|ipaddress|.*ip(address|addr)?)$|ipv4|ipv6|address$/i, "ip"],
    [/(computer|host|device|machine|workstation)/i, "host"],
    [/(hash|sha1|sha256|md5)/i, "filehash"],
    [/(process|image|commandline)/i, "process"],
    [/(file|path)/i, "file"],
    [/(domain|dns)/i, "dns"],
    [/url|uri/i, "url"],
    [/(resource|subscription)/i, "azure-resource"],
];

/** The kind that a column's name suggests. */
export function kindOf(name: string): string {
    return kinds.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isNode = (value: unknown): value is Record<string, unknown> & { id: string } =>
    isRecord(value) && typeof value.id === "string" && typeof value.kind === "string";
const isEdge = (value: unknown): value is Record<string, unknown> & { relation: string } =>
    isRecord(value) && typeof value.relation === "string";
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Collects nodes and edges, those that come twice once. */
class Collected {
    readonly nodes = new Map<string, GraphNode>();
    readonly edges = new Map<string, GraphEdge>();

    node(node: Pick<GraphNode, "id" | "kind" | "label"> & Partial<GraphNode>): string {
        const made: GraphNode = { degree: 0, inside: true, ...node };
        const known = this.nodes.get(made.id);
        this.nodes.set(made.id, known ? joinNodes(known, made) : made);
        return made.id;
    }

    edge(source: string, relation: string, target: string, rest: Partial<GraphEdge> = {}): void {
        const made: GraphEdge = { id: edgeId(source, relation, target), source, relation, target, count: 1, inside: true, ...rest };
        const known = this.edges.get(made.id);
        this.edges.set(made.id, known ? { ...joinEdges(known, made), count: known.count + made.count } : made);
    }

    batch(): Batch {
        const degrees = new Map<string, number>();
        for (const edge of this.edges.values()) for (const end of [edge.source, edge.target]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
        return {
            nodes: [...this.nodes.values()].map((node) => ({ ...node, degree: Math.max(node.degree, degrees.get(node.id) ?? 0) })),
            edges: [...this.edges.values()],
        };
    }
}

function graphNode(of: Collected, value: Record<string, unknown> & { id: string }): string {
    const [first, last] = [instant(value.first), instant(value.last)];
    const severity = text(value.severity);
    const tactics = Array.isArray(value.tactics) ? value.tactics.filter((one): one is string => typeof one === "string") : [];
    return of.node({
        id: value.id,
        kind: String(value.kind),
        label: text(value.label) ?? text(value.title) ?? value.id,
        ...(first === undefined ? {} : { first }),
        ...(last === undefined ? {} : { last }),
        ...(severity === undefined ? {} : { severity }),
        ...(tactics.length > 0 ? { tactics } : {}),
    });
}

/** The parts of a row in their order: nodes, edges, paths laid open. */
function parts(cells: readonly unknown[]): unknown[] {
    return cells.flatMap((cell) => (Array.isArray(cell) && cell.some((one) => isNode(one) || isEdge(one)) ? cell : [cell]));
}

/** Reads a row of a graph query: an edge leads from the node before it to the node behind it. */
function readRow(of: Collected, cells: readonly unknown[]): boolean {
    let before: string | undefined;
    let open: (Record<string, unknown> & { relation: string })[] = [];
    let found = false;
    for (const part of parts(cells)) {
        if (isNode(part)) {
            const id = graphNode(of, part);
            for (const edge of open) {
                if (before === undefined || before === id) continue;
                const [first, last] = [instant(edge.first), instant(edge.last)];
                of.edge(before, edge.relation, id, {
                    ...(first === undefined ? {} : { first }),
                    ...(last === undefined ? {} : { last }),
                    count: typeof edge.count === "number" ? edge.count : 1,
                });
            }
            open = [];
            before = id;
            found = true;
        } else if (isEdge(part)) open.push(part);
    }
    return found;
}

const named = (columns: readonly Column[], name: string) => columns.findIndex((column) => column.name.toLowerCase() === name);

/** `host:WS6` with a kind in front, as references are written. */
const REFERENCE = /^([a-z][a-z_-]{1,30}):(.+)$/;

function valueNode(of: Collected, column: Column, value: unknown): string {
    const words = typeof value === "string" ? value : JSON.stringify(value);
    const reference = /id$/i.test(column.name) ? REFERENCE.exec(words) : null;
    const kind = reference?.[1] ?? kindOf(column.name);
    return of.node({ id: reference ? words : `${kind}:${words}`, kind, label: reference?.[2] ?? words });
}

/** Whether the rows hold nodes of a graph, so that no columns need be chosen. */
export function holdsGraph(table: Table): boolean {
    const relations = named(table.columns, "sourceid") >= 0 && named(table.columns, "targetid") >= 0;
    return relations || table.rows.slice(0, 50).some((row) => parts(row).some(isNode));
}

/** Columns that may be ends of an edge. */
export function endColumns(table: Table): number[] {
    return table.columns.flatMap((column, at) => (/^(string|guid|long|int)$/.test(column.type) ? [at] : []));
}

/** The two columns that a person most likely wants: those whose names tell what their values are, then the first texts. */
export function likelyPair(table: Table): Pair | undefined {
    const ends = endColumns(table).filter((at) => table.columns[at]?.type === "string");
    const told = ends.filter((at) => kindOf(table.columns[at]?.name ?? "") !== "other");
    const [from, to] = [...told, ...ends.filter((at) => !told.includes(at)), ...endColumns(table).filter((at) => !ends.includes(at))];
    return from === undefined || to === undefined || from === to ? undefined : { from, to };
}

/** The graph of a table: its own where it holds one, else the pairs of two columns. */
export function relate(table: Table, pair: Pair | undefined): Batch {
    const of = new Collected();
    const [source, target] = [named(table.columns, "sourceid"), named(table.columns, "targetid")];
    if (holdsGraph(table) && source < 0) for (const row of table.rows) readRow(of, row);
    else if (source >= 0 && target >= 0) readRelations(of, table, source, target);
    else if (pair) readPairs(of, table, pair);
    return of.batch();
}

function readRelations(of: Collected, table: Table, source: number, target: number): void {
    const column = (at: number) => table.columns[at] as Column;
    const at = {
        relation: named(table.columns, "relation"),
        first: named(table.columns, "firsttime"),
        last: named(table.columns, "lasttime"),
        count: named(table.columns, "count"),
    };
    for (const row of table.rows) {
        if (row[source] === null || row[target] === null) continue;
        const [first, last] = [instant(row[at.first]), instant(row[at.last])];
        of.edge(
            valueNode(of, column(source), row[source]),
            text(row[at.relation]) ?? "linked",
            valueNode(of, column(target), row[target]),
            {
                ...(first === undefined ? {} : { first }),
                ...(last === undefined ? {} : { last }),
                count: typeof row[at.count] === "number" ? (row[at.count] as number) : 1,
            },
        );
    }
}

function readPairs(of: Collected, table: Table, { from, to }: Pair): void {
    const time = table.columns.findIndex((column) => column.type === "datetime");
    const [a, b] = [table.columns[from], table.columns[to]];
    if (!a || !b) return;
    for (const row of table.rows) {
        const [one, other] = [row[from], row[to]];
        if (one === null || one === undefined || one === "" || other === null || other === undefined || other === "") continue;
        const when = instant(row[time]);
        const [source, goal] = [valueNode(of, a, one), valueNode(of, b, other)];
        if (source !== goal) of.edge(source, b.name, goal, when === undefined ? {} : { first: when, last: when });
    }
}
