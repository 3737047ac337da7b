// First places: a tree around the roots, its rings by hops; what joins later begins beside what it is linked with.
import { hash, type LayoutEdge, type LayoutNode, neighbors, type Point } from "./layout";

const RING = 150;
const BESIDE = 90;

/** First places, and the nodes whose place is as good as it gets. */
export interface Seeds {
    readonly places: Map<string, Point>;
    readonly settled: ReadonlySet<string>;
}

/** A first place for every node. Old places and pins are kept as they are. */
export function seed(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Seeds {
    const places = new Map<string, Point>();
    const settled = new Set<string>();
    for (const node of nodes) {
        const known = node.pin ?? node.old;
        if (known) places.set(node.id, known);
    }
    hinted(nodes, places);
    const near = neighbors(nodes, edges);
    if (places.size === 0) tree(nodes, near, places);
    else {
        clusters(nodes, near, places, settled);
        beside(nodes, near, places);
    }
    return { places, settled };
}

/** Parts of what was one thing begin in a spiral around its place. */
function hinted(nodes: readonly LayoutNode[], places: Map<string, Point>): void {
    const counts = new Map<string, number>();
    for (const node of nodes) {
        if (places.has(node.id) || !node.hint) continue;
        const key = `${node.hint.x} ${node.hint.y}`;
        const nth = counts.get(key) ?? 0;
        counts.set(key, nth + 1);
        const [angle, distance] = [nth * 2.4, 30 * Math.sqrt(nth)];
        places.set(node.id, { x: node.hint.x + Math.cos(angle) * distance, y: node.hint.y + Math.sin(angle) * distance });
    }
}

/** Rings around the roots; each subtree has a sector as wide as its leaves are many. */
function tree(nodes: readonly LayoutNode[], near: ReadonlyMap<string, readonly string[]>, places: Map<string, Point>): void {
    const seen = new Set<string>();
    let left = 0;
    const order = [...nodes].sort(
        (a, b) => Number(b.root) - Number(a.root) || (near.get(b.id)?.length ?? 0) - (near.get(a.id)?.length ?? 0),
    );
    for (const node of order) {
        if (seen.has(node.id)) continue;
        const { children, depth } = walk(node.id, near, seen);
        const leaves = new Map<string, number>();
        const count = (id: string): number => {
            const own = children.get(id) ?? [];
            const sum = own.length === 0 ? 1 : own.reduce((total, child) => total + (leaves.get(child) ?? 1), 0);
            leaves.set(id, sum);
            return sum;
        };
        for (const id of [...depth.keys()].reverse()) count(id);
        const deepest = Math.max(...depth.values());
        const ring = Math.max(RING, ((leaves.get(node.id) ?? 1) * 26) / (2 * Math.PI * Math.max(1, deepest)));
        const reach = deepest * ring + RING / 2;
        const centre = { x: left === 0 ? 0 : left + reach, y: 0 };
        sector(node.id, 0, 2 * Math.PI, { children, leaves, depth, ring, centre, places });
        left = centre.x + reach;
    }
}

function walk(root: string, near: ReadonlyMap<string, readonly string[]>, seen: Set<string>) {
    const children = new Map<string, string[]>();
    const depth = new Map<string, number>([[root, 0]]);
    const queue = [root];
    seen.add(root);
    for (let index = 0; index < queue.length; index += 1) {
        const id = queue[index] as string;
        for (const other of near.get(id) ?? []) {
            if (seen.has(other)) continue;
            seen.add(other);
            depth.set(other, (depth.get(id) ?? 0) + 1);
            const list = children.get(id);
            if (list) list.push(other);
            else children.set(id, [other]);
            queue.push(other);
        }
    }
    return { children, depth };
}

interface Sectors {
    children: ReadonlyMap<string, readonly string[]>;
    leaves: ReadonlyMap<string, number>;
    depth: ReadonlyMap<string, number>;
    ring: number;
    centre: Point;
    places: Map<string, Point>;
}

function sector(root: string, from: number, to: number, sectors: Sectors): void {
    const stack: [string, number, number][] = [[root, from, to]];
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
        const [id, begin, end] = entry;
        const distance = (sectors.depth.get(id) ?? 0) * sectors.ring;
        const angle = (begin + end) / 2;
        sectors.places.set(id, { x: sectors.centre.x + Math.cos(angle) * distance, y: sectors.centre.y + Math.sin(angle) * distance });
        let at = begin;
        const whole = sectors.leaves.get(id) ?? 1;
        for (const child of sectors.children.get(id) ?? []) {
            const width = ((end - begin) * (sectors.leaves.get(child) ?? 1)) / whole;
            stack.push([child, at, at + width]);
            at += width;
        }
    }
}

/** This many newcomers of one node stand together in a cluster of their own. */
const CLUSTER_MIN = 24;
const CLUSTER_STEP = 21;
const CELL = 60;

/** Many newcomers that only one node knows: a sunflower in the nearest free room, so that nothing has to make way. */
function clusters(
    nodes: readonly LayoutNode[],
    near: ReadonlyMap<string, readonly string[]>,
    places: Map<string, Point>,
    settled: Set<string>,
): void {
    const leaves = new Map<string, LayoutNode[]>();
    for (const node of nodes) {
        if (places.has(node.id)) continue;
        const anchors = new Set(near.get(node.id));
        const [anchor] = anchors;
        if (anchors.size !== 1 || anchor === undefined || !places.has(anchor)) continue;
        const list = leaves.get(anchor);
        if (list) list.push(node);
        else leaves.set(anchor, [node]);
    }
    const middle = centre([...places.values()]);
    const taken = new Set([...places.values()].map((place) => cellOf(place.x, place.y)));
    for (const [anchor, list] of leaves) {
        const place = places.get(anchor);
        if (!place || list.length < CLUSTER_MIN) continue;
        const room = roomFor(place, middle, CLUSTER_STEP * Math.sqrt(list.length) + CELL, taken);
        for (const [nth, node] of list.entries()) {
            const [angle, distance] = [nth * 2.399963, CLUSTER_STEP * Math.sqrt(nth + 0.5)];
            const at = { x: room.x + Math.cos(angle) * distance, y: room.y + Math.sin(angle) * distance };
            places.set(node.id, at);
            settled.add(node.id);
            taken.add(cellOf(at.x, at.y));
        }
    }
}

const cellOf = (x: number, y: number) => `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;
const DIRECTIONS = 20;
const RINGS_MAX = 60;

/** The nearest place around `from` with nothing within `radius`; away from the middle first. */
function roomFor(from: Point, middle: Point, radius: number, taken: ReadonlySet<string>): Point {
    const outward = Math.atan2(from.y - middle.y, from.x - middle.x);
    const free = (centre: Point) => {
        for (let dx = -radius; dx <= radius; dx += CELL) {
            for (let dy = -radius; dy <= radius; dy += CELL) {
                if (dx * dx + dy * dy <= radius * radius && taken.has(cellOf(centre.x + dx, centre.y + dy))) return false;
            }
        }
        return true;
    };
    for (let ring = 0; ring < RINGS_MAX; ring += 1) {
        const distance = radius + BESIDE + ring * radius * 0.5;
        for (let turn = 0; turn < DIRECTIONS; turn += 1) {
            const angle = outward + ((turn % 2 === 0 ? 1 : -1) * Math.ceil(turn / 2) * 2 * Math.PI) / DIRECTIONS;
            const centre = { x: from.x + Math.cos(angle) * distance, y: from.y + Math.sin(angle) * distance };
            if (free(centre)) return centre;
        }
    }
    return { x: from.x + Math.cos(outward) * radius * RINGS_MAX, y: from.y + Math.sin(outward) * radius * RINGS_MAX };
}

/** New nodes begin in a ring beside the middle of what they are linked with. */
function beside(nodes: readonly LayoutNode[], near: ReadonlyMap<string, readonly string[]>, places: Map<string, Point>): void {
    let waiting = nodes.filter((node) => !places.has(node.id));
    const middle = centre([...places.values()]);
    const siblings = new Map<string, number>();
    while (waiting.length > 0) {
        const placed = waiting.flatMap((node) => {
            const known = (near.get(node.id) ?? []).flatMap((id) => places.get(id) ?? []);
            return known.length === 0
                ? []
                : [{ node, anchor: centre(known), key: (near.get(node.id) ?? []).find((id) => places.has(id)) ?? "" }];
        });
        if (placed.length === 0) break;
        for (const { node, anchor, key } of placed) {
            const nth = siblings.get(key) ?? 0;
            siblings.set(key, nth + 1);
            // Away from the middle of the picture, in a widening fan.
            const outward = Math.atan2(anchor.y - middle.y, anchor.x - middle.x) || hash(key) * 2 * Math.PI;
            const angle = outward + (nth % 2 === 0 ? 1 : -1) * Math.ceil(nth / 2) * 0.42 + (hash(node.id) - 0.5) * 0.1;
            const distance = BESIDE + Math.floor(nth / 14) * 55;
            places.set(node.id, { x: anchor.x + Math.cos(angle) * distance, y: anchor.y + Math.sin(angle) * distance });
        }
        waiting = waiting.filter((node) => !places.has(node.id));
    }
    const bottom = Math.max(0, ...[...places.values()].map((point) => point.y)) + RING;
    waiting.forEach((node, index) => {
        places.set(node.id, { x: middle.x + (index - waiting.length / 2) * 60, y: bottom });
    });
}

function centre(points: readonly Point[]): Point {
    if (points.length === 0) return { x: 0, y: 0 };
    return {
        x: points.reduce((sum, point) => sum + point.x, 0) / points.length,
        y: points.reduce((sum, point) => sum + point.y, 0) / points.length,
    };
}
