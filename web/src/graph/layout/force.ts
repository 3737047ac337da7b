// The organic layout: d3-force with seeded randomness. What has a place keeps it; only what is new moves.
import {
    forceCollide,
    forceLink,
    forceManyBody,
    forceSimulation,
    forceX,
    forceY,
    type SimulationLinkDatum,
    type SimulationNodeDatum,
} from "d3-force";
import { type Layout, type LayoutEdge, type LayoutNode, type Point, random } from "./layout";
import { seed } from "./seed";

interface Body extends SimulationNodeDatum {
    id: string;
    radius: number;
    links: number;
}

/** Ticks by size: a small picture is worked out to the end, a large one as far as time allows. */
function ticks(count: number): number {
    if (count <= 300) return 300;
    if (count <= 1_000) return 160;
    if (count <= 2_500) return 80;
    return 40;
}

/** Ticks for what joins: many newcomers find a place, but not the best one. */
function joinTicks(moving: number): number {
    if (moving <= 60) return 200;
    return moving <= 200 ? 90 : 36;
}

/** Lays out in slices of one tick. */
export function* force(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
    const { places, settled } = seed(nodes, edges);
    const stays = (node: LayoutNode) => (node.pin ?? node.old) !== undefined || settled.has(node.id);
    const moving = nodes.filter((node) => !stays(node)).length;
    // Beside many that stay, the few that move only feel those around them.
    const taking = moving > 0 && nodes.length - moving > NEAR_MIN ? around(nodes, edges, places, stays) : nodes;
    const moved = moving > 0 ? yield* settle(taking, edges, places, stays) : new Map<string, Point>();
    return {
        places: new Map(nodes.map((node) => [node.id, rounded(moved.get(node.id) ?? places.get(node.id) ?? { x: 0, y: 0 })])),
        bands: [],
    };
}

/** With fewer than this that stay, all of them take part. */
const NEAR_MIN = 250;
/** How far around the new ones things are felt. */
const NEAR = 260;
const CELL = 130;

/** The nodes that move, what they are linked with, and what lies around. */
function around(
    nodes: readonly LayoutNode[],
    edges: readonly LayoutEdge[],
    places: ReadonlyMap<string, Point>,
    stays: (node: LayoutNode) => boolean,
): LayoutNode[] {
    const cell = (point: Point, dx = 0, dy = 0) => `${Math.floor(point.x / CELL) + dx} ${Math.floor(point.y / CELL) + dy}`;
    const free = nodes.filter((node) => !stays(node));
    const cells = new Set<string>();
    const reach = Math.ceil(NEAR / CELL);
    for (const node of free) {
        const place = places.get(node.id);
        if (!place || cells.has(cell(place))) continue;
        for (let dx = -reach; dx <= reach; dx += 1) for (let dy = -reach; dy <= reach; dy += 1) cells.add(cell(place, dx, dy));
    }
    const ids = new Set(free.map((node) => node.id));
    const linked = new Set(edges.flatMap((edge) => (ids.has(edge.source) ? [edge.target] : ids.has(edge.target) ? [edge.source] : [])));
    const near = (node: LayoutNode) => {
        const place = places.get(node.id);
        return place !== undefined && cells.has(cell(place));
    };
    return nodes.filter((node) => ids.has(node.id) || linked.has(node.id) || near(node));
}

function* settle(
    nodes: readonly LayoutNode[],
    edges: readonly LayoutEdge[],
    places: ReadonlyMap<string, Point>,
    stays: (node: LayoutNode) => boolean,
): Generator<void, Map<string, Point>, void> {
    const bodies = nodes.map((node): Body => {
        const place = places.get(node.id) ?? { x: 0, y: 0 };
        return { id: node.id, radius: node.radius, links: 0, x: place.x, y: place.y, ...(stays(node) ? { fx: place.x, fy: place.y } : {}) };
    });
    const byId = new Map(bodies.map((body) => [body.id, body]));
    const links: SimulationLinkDatum<Body>[] = [];
    for (const edge of edges) {
        const [source, target] = [byId.get(edge.source), byId.get(edge.target)];
        if (!source || !target) continue;
        source.links += 1;
        target.links += 1;
        // Between two that stay nothing pulls.
        if (source.fx === undefined || target.fx === undefined) links.push({ source, target });
    }
    const moving = bodies.filter((body) => body.fx === undefined).length;
    const count = nodes.length === moving ? ticks(moving) : joinTicks(moving);
    const large = bodies.length > 1_000;
    const ends = (link: SimulationLinkDatum<Body>) => [link.source as Body, link.target as Body] as const;
    const simulation = forceSimulation(bodies)
        .randomSource(random(1))
        .alphaDecay(1 - 0.002 ** (1 / count))
        .velocityDecay(0.35)
        .force(
            "link",
            forceLink<Body, SimulationLinkDatum<Body>>(links)
                .distance((link) => {
                    const [a, b] = ends(link);
                    return 46 + a.radius + b.radius + 6 * Math.sqrt(Math.min(a.links, b.links));
                })
                .strength((link) => {
                    const [a, b] = ends(link);
                    return 0.7 / Math.max(1, Math.min(a.links, b.links));
                }),
        )
        .force(
            "charge",
            forceManyBody<Body>()
                .strength((body) => -260 - 22 * Math.min(40, body.links))
                .theta(large ? 1.3 : 0.9)
                .distanceMax(large ? 900 : 1_400),
        )
        .force("collide", forceCollide<Body>((body) => body.radius + 13).iterations(large ? 1 : 2))
        .force("x", forceX<Body>(0).strength(0.045))
        .force("y", forceY<Body>(0).strength(0.065))
        .stop();
    for (let tick = 0; tick < count; tick += 1) {
        simulation.tick();
        yield;
    }
    return new Map(bodies.map((body) => [body.id, { x: body.x ?? 0, y: body.y ?? 0 }]));
}

/** Whole pixels: enough for the eye, and what an address tells is the very same picture. */
function rounded({ x, y }: Point): Point {
    return { x: Math.round(x), y: Math.round(y) };
}
