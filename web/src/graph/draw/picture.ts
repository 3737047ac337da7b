// A scene with its places, ready to be drawn and to be asked what lies at a point.
import { type Quadtree, quadtree } from "d3-quadtree";
import type { Band } from "../layout/layout";
import type { Scene, SceneEdge, SceneNode } from "../scene";
import type { Point } from "../state";
import { radiusOf } from "./shapes";

export interface PictureNode {
    readonly node: SceneNode;
    readonly x: number;
    readonly y: number;
    readonly radius: number;
}

export interface PictureEdge {
    readonly edge: SceneEdge;
    readonly source: PictureNode;
    readonly target: PictureNode;
}

export interface Box {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
}

export interface Picture {
    readonly scene: Scene;
    readonly nodes: readonly PictureNode[];
    readonly edges: readonly PictureEdge[];
    readonly byId: ReadonlyMap<string, PictureNode>;
    /** Edges of each node. */
    readonly touching: ReadonlyMap<string, readonly PictureEdge[]>;
    readonly bands: readonly Band[];
    readonly box: Box;
    readonly tree: Quadtree<PictureNode>;
    readonly radiusMax: number;
}

/** How the plane lies on the screen: `screen = plane * k + (x, y)`. */
export interface Camera {
    readonly k: number;
    readonly x: number;
    readonly y: number;
}

export function radiusOfNode(node: SceneNode): number {
    return radiusOf(node.kind, node.members.length, node.root);
}

/** Puts a scene to its places. A node without a place lies at the origin. */
export function pictureOf(scene: Scene, places: ReadonlyMap<string, Point>, bands: readonly Band[]): Picture {
    const nodes = scene.nodes.map((node): PictureNode => {
        const place = places.get(node.id) ?? { x: 0, y: 0 };
        return { node, x: place.x, y: place.y, radius: radiusOfNode(node) };
    });
    const byId = new Map(nodes.map((one) => [one.node.id, one]));
    const edges: PictureEdge[] = [];
    for (const edge of scene.edges) {
        const [source, target] = [byId.get(edge.source), byId.get(edge.target)];
        if (source && target) edges.push({ edge, source, target });
    }
    const radiusMax = nodes.reduce((most, one) => Math.max(most, one.radius), 1);
    // What only the pointer asks for is made when it asks: a picture that glides is never pointed at.
    let tree: Quadtree<PictureNode> | undefined;
    let touching: Map<string, PictureEdge[]> | undefined;
    return {
        scene,
        nodes,
        edges,
        byId,
        bands,
        box: boxOf(nodes),
        radiusMax,
        get tree() {
            tree ??= quadtree<PictureNode>(
                [...nodes],
                (one) => one.x,
                (one) => one.y,
            );
            return tree;
        },
        get touching() {
            touching ??= touchingOf(edges);
            return touching;
        },
    };
}

function touchingOf(edges: readonly PictureEdge[]): Map<string, PictureEdge[]> {
    const touching = new Map<string, PictureEdge[]>();
    for (const one of edges) {
        for (const end of [one.edge.source, one.edge.target]) {
            const list = touching.get(end);
            if (list) list.push(one);
            else touching.set(end, [one]);
        }
    }
    return touching;
}

function boxOf(nodes: readonly PictureNode[]): Box {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const one of nodes) {
        left = Math.min(left, one.x - one.radius);
        right = Math.max(right, one.x + one.radius);
        top = Math.min(top, one.y - one.radius);
        bottom = Math.max(bottom, one.y + one.radius + 22);
    }
    return nodes.length === 0 ? { left: 0, top: 0, right: 1, bottom: 1 } : { left, top, right, bottom };
}

/** Half of a long label. */
const SIDE_PX = 96;

/** The camera that shows a box whole with its labels, never larger than life. */
export function fitted(box: Box, width: number, height: number, padding = 48): Camera {
    const wide = Math.max(1, box.right - box.left);
    const tall = Math.max(1, box.bottom - box.top);
    // Labels are as long at every scale: nodes at the sides need room for theirs.
    const side = Math.max(padding, Math.min(SIDE_PX, width * 0.11));
    const k = Math.max(0.02, Math.min(1.25, (width - 2 * side) / wide, (height - 2 * padding) / tall));
    return { k, x: width / 2 - ((box.left + box.right) / 2) * k, y: height / 2 - ((box.top + box.bottom) / 2) * k };
}

/** Pixels beside a node or edge that still mean it. */
const REACH = 5;

/** The node at a point of the screen: the nearest of those whose outline, or a few pixels around it, hold the point. */
export function nodeAt(picture: Picture, camera: Camera, x: number, y: number): PictureNode | undefined {
    const [px, py] = [(x - camera.x) / camera.k, (y - camera.y) / camera.k];
    const slack = REACH / camera.k;
    const reach = picture.radiusMax + slack;
    let best: PictureNode | undefined;
    let least = Infinity;
    picture.tree.visit((quad, x0, y0, x1, y1) => {
        if (x0 > px + reach || x1 < px - reach || y0 > py + reach || y1 < py - reach) return true;
        if (!quad.length) {
            for (let leaf: typeof quad | undefined = quad; leaf; leaf = leaf.next) {
                const one = leaf.data;
                const distance = Math.hypot(one.x - px, one.y - py);
                if (distance <= one.radius + slack && distance - one.radius < least) {
                    least = distance - one.radius;
                    best = one;
                }
            }
        }
        return false;
    });
    return best;
}

/** The edge at a point of the screen. */
export function edgeAt(picture: Picture, camera: Camera, x: number, y: number): PictureEdge | undefined {
    const [px, py] = [(x - camera.x) / camera.k, (y - camera.y) / camera.k];
    let best: PictureEdge | undefined;
    let least = REACH / camera.k;
    for (const one of picture.edges) {
        const { source: a, target: b } = one;
        if (Math.min(a.x, b.x) - least > px || Math.max(a.x, b.x) + least < px) continue;
        if (Math.min(a.y, b.y) - least > py || Math.max(a.y, b.y) + least < py) continue;
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const length = dx * dx + dy * dy || 1;
        const along = Math.max(0, Math.min(1, ((px - a.x) * dx + (py - a.y) * dy) / length));
        const distance = Math.hypot(a.x + dx * along - px, a.y + dy * along - py);
        if (distance < least) {
            least = distance;
            best = one;
        }
    }
    return best;
}
