// Walking the picture with the arrow keys: along an edge where one leads that way, else to the nearest node.
import type { Picture, PictureNode } from "./draw/picture";

export type Direction = "left" | "right" | "up" | "down";

const UNIT: Record<Direction, readonly [number, number]> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
/** Cosine of the widest angle that still counts as that direction. */
const WIDE = 0.5;

/** The node that lies in a direction from `from`; the first root when there is no node yet. */
export function step(picture: Picture, from: string | undefined, direction: Direction): string | undefined {
    const here = from === undefined ? undefined : picture.byId.get(from);
    if (!here) return (picture.nodes.find((one) => one.node.root) ?? picture.nodes[0])?.node.id;
    const linked = (picture.touching.get(here.node.id) ?? []).map(({ source, target }) => (source === here ? target : source));
    return (best(here, linked, direction) ?? best(here, picture.nodes, direction))?.node.id;
}

function best(here: PictureNode, among: readonly PictureNode[], direction: Direction): PictureNode | undefined {
    const [ux, uy] = UNIT[direction];
    let found: PictureNode | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const one of among) {
        const [dx, dy] = [one.x - here.x, one.y - here.y];
        const distance = Math.hypot(dx, dy);
        if (distance === 0) continue;
        const along = (dx * ux + dy * uy) / distance;
        if (along < WIDE) continue;
        // Straight ahead costs its length, aside costs more.
        const cost = distance / along ** 2;
        if (cost < least) {
            least = cost;
            found = one;
        }
    }
    return found;
}
