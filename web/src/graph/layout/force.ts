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
import { type Layout, type LayoutEdge, type LayoutNode, type Placed, random } from "./layout";
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

/** Lays out in slices of one tick. */
export function* force(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
    const places = seed(nodes, edges);
    const bodies = nodes.map((node): Body => {
        const place = places.get(node.id) ?? { x: 0, y: 0 };
        const still = node.pin ?? node.old;
        return { id: node.id, radius: node.radius, links: 0, x: place.x, y: place.y, ...(still ? { fx: still.x, fy: still.y } : {}) };
    });
    const byId = new Map(bodies.map((body) => [body.id, body]));
    const links: SimulationLinkDatum<Body>[] = [];
    for (const edge of edges) {
        const [source, target] = [byId.get(edge.source), byId.get(edge.target)];
        if (!source || !target) continue;
        source.links += 1;
        target.links += 1;
        links.push({ source, target });
    }
    const moving = bodies.filter((body) => body.fx === undefined).length;
    if (moving > 0) {
        const count = ticks(moving);
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
    }
    const result: Placed = { places: new Map(bodies.map((body) => [body.id, { x: round(body.x), y: round(body.y) }])), bands: [] };
    return result;
}

/** Tenths of a pixel: enough for the eye, and short in an address. */
function round(value: number | undefined): number {
    return Math.round((value ?? 0) * 10) / 10;
}
