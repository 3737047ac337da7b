// First places: a tree around the roots, its rings by hops; what joins later begins beside what it is linked with.
import { hash, type LayoutEdge, type LayoutNode, neighbors, type Point } from "./layout";

const RING = 150;
const BESIDE = 90;

/** A first place for every node. Old places and pins are kept as they are. */
export function seed(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Map<string, Point> {
    const places = new Map<string, Point>();
    for (const node of nodes) {
        const known = node.pin ?? node.old;
        if (known) places.set(node.id, known);
    }
    hinted(nodes, places);
    const near = neighbors(nodes, edges);
    if (places.size === 0) tree(nodes, near, places);
    else beside(nodes, near, places);
    return places;
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
