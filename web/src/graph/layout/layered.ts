// Layouts with a meaning in x: columns by tactic, or by time. In a column the nodes stand so that edges cross little.
import { spaced, tactics } from "../../ui/kinds";
import { type Band, type Layout, type LayoutEdge, type LayoutNode, neighbors, type Placed, type Point } from "./layout";

const RANKS = new Map<string, number>(tactics.map((name, index) => [name, index]));
/** Distance of two nodes of a column, and of two columns of nodes. */
const ROW = 78;
const COLUMN = 130;
const GAP = 70;
/** Nodes of a column of nodes before a second one is begun. */
const COLUMN_MAX = 14;
const SWEEPS = 6;

/** The earliest of some tactics; behind all when there is none. */
export function tacticRank(names: readonly string[]): number {
    return Math.min(tactics.length, ...names.map((name) => RANKS.get(name) ?? tactics.length));
}

/** Columns by tactic: a node without one stands in the column of its earliest neighbour. */
export function* byTactic(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
    const near = neighbors(nodes, edges);
    const ranks = new Map(nodes.map((node) => [node.id, node.root ? -1 : tacticRank(node.tactics)]));
    const inherit = nodes.filter((node) => !node.root && ranks.get(node.id) === tactics.length && node.kind !== "alert");
    for (const node of inherit) {
        const around = (near.get(node.id) ?? []).map((id) => ranks.get(id) ?? tactics.length).filter((rank) => rank >= 0);
        ranks.set(node.id, Math.min(tactics.length, ...around));
    }
    yield;
    return columns(
        nodes,
        near,
        (node) => ranks.get(node.id) ?? 0,
        (rank) => (rank < 0 ? "" : spaced(tactics[rank] ?? "No tactic")),
    );
}

/** Nodes whose begins lie closer than this share of the whole stand in one column. */
const TIME_STEPS = 12;

/** Columns by time, earliest at the left; quiet times take no room. A node without time stands at the left. */
export function* byTime(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], write: (time: number) => string): Layout {
    const near = neighbors(nodes, edges);
    const starts = [...new Set(nodes.flatMap((node) => (node.first === undefined || node.root ? [] : [node.first])))].sort((a, b) => a - b);
    const steps = slices(starts);
    yield;
    const rank = (node: LayoutNode) => {
        if (node.root) return -2;
        if (node.first === undefined) return -1;
        let step = 0;
        while (step + 1 < steps.length && (steps[step + 1] as number) <= node.first) step += 1;
        return step;
    };
    return columns(nodes, near, rank, (at) => (at === -2 ? "" : at === -1 ? "No time" : write(steps[at] ?? 0)));
}

/** Begins of the columns: cut at the widest gaps, so that what happened together stands together. */
export function slices(starts: readonly number[]): number[] {
    if (starts.length === 0) return [];
    const gaps = starts.slice(1).map((start, index) => ({ start, gap: start - (starts[index] as number) }));
    const span = (starts.at(-1) as number) - (starts[0] as number);
    const cuts = gaps.filter(({ gap }) => gap > 0 && gap >= span / 500).sort((a, b) => b.gap - a.gap || a.start - b.start);
    return [starts[0] as number, ...cuts.slice(0, TIME_STEPS - 1).map(({ start }) => start)].sort((a, b) => a - b);
}

function columns(
    nodes: readonly LayoutNode[],
    near: ReadonlyMap<string, readonly string[]>,
    rankOf: (node: LayoutNode) => number,
    label: (rank: number) => string,
): Placed {
    const byRank = new Map<number, LayoutNode[]>();
    for (const node of nodes) {
        const rank = rankOf(node);
        const list = byRank.get(rank);
        if (list) list.push(node);
        else byRank.set(rank, [node]);
    }
    const ranks = [...byRank.keys()].sort((a, b) => a - b);
    const order = new Map<string, number>();
    const kindOrder = (node: LayoutNode) => (node.kind === "incident" ? 0 : node.kind === "alert" ? 1 : 2);
    for (const list of byRank.values()) {
        list.sort(
            (a, b) => kindOrder(a) - kindOrder(b) || (a.first ?? 0) - (b.first ?? 0) || compare(a.kind, b.kind) || compare(a.id, b.id),
        );
        for (const [index, node] of list.entries()) order.set(node.id, index / list.length);
    }
    // Each sweep puts a node to the height of what it is linked with.
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
        for (const rank of sweep % 2 === 0 ? ranks : [...ranks].reverse()) {
            const list = byRank.get(rank) ?? [];
            const heights = new Map(list.map((node) => [node.id, height(node.id, near, order)]));
            list.sort((a, b) => (heights.get(a.id) ?? 0) - (heights.get(b.id) ?? 0) || compare(a.id, b.id));
            for (const [index, node] of list.entries()) order.set(node.id, (index + 0.5) / list.length);
        }
    }
    const places = new Map<string, Point>();
    const bands: Band[] = [];
    let x = 0;
    for (const rank of ranks) {
        const list = byRank.get(rank) ?? [];
        // What says something stands before what it names, so that no line runs along a column.
        const records = list.filter((node) => kindOrder(node) < 2);
        const entities = list.filter((node) => kindOrder(node) === 2);
        let to = x;
        for (const part of [records, entities]) {
            if (part.length === 0) continue;
            const left = to === x && (part === records || records.length === 0) ? x : to + COLUMN;
            to = stack(part, left, places);
        }
        bands.push({ label: label(rank), axis: "x", from: x - COLUMN / 2, to: to + COLUMN / 2 });
        x = to + COLUMN + GAP;
    }
    return { places, bands };
}

/** Stacks nodes from `left` on, in as many columns as they need; gives the place of the last column. */
function stack(list: readonly LayoutNode[], left: number, places: Map<string, Point>): number {
    const wide = Math.max(1, Math.ceil(list.length / COLUMN_MAX));
    const rows = Math.ceil(list.length / wide);
    for (const [index, node] of list.entries()) {
        // Side by side in a wide column, every second one half a row lower, so that labels do not meet.
        const [row, column] = [Math.floor(index / wide), index % wide];
        const place = { x: left + column * COLUMN, y: (row - (rows - 1) / 2) * ROW + (column % 2 === 1 ? ROW / 2 : 0) };
        places.set(node.id, node.pin ?? place);
    }
    return left + (wide - 1) * COLUMN;
}

function height(id: string, near: ReadonlyMap<string, readonly string[]>, order: ReadonlyMap<string, number>): number {
    const around = (near.get(id) ?? []).map((other) => order.get(other) ?? 0.5);
    if (around.length === 0) return order.get(id) ?? 0.5;
    return around.reduce((sum, value) => sum + value, 0) / around.length;
}

function compare(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
}
