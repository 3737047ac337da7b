// What a layout takes and gives. Every layout is deterministic: the same scene and the same old places give the same picture.
import type { LayoutName, Point } from "../state";

export interface LayoutNode {
    readonly id: string;
    readonly kind: string;
    readonly radius: number;
    readonly root: boolean;
    readonly tactics: readonly string[];
    readonly first?: number;
    /** Where it was. It stays there. */
    readonly old?: Point;
    /** Where it lay as a part of something else: it begins there and may move. */
    readonly hint?: Point;
    /** Where a person put it. */
    readonly pin?: Point;
}

export interface LayoutEdge {
    readonly source: string;
    readonly target: string;
}

/** A heading or band that a layout gives to a part of the plane. */
export interface Band {
    readonly label: string;
    readonly axis: "x" | "y";
    readonly from: number;
    readonly to: number;
}

export interface Placed {
    readonly places: Map<string, Point>;
    readonly bands: readonly Band[];
}

/** A layout that works in slices: each step is short, the last one gives the result. */
export type Layout = Generator<void, Placed, void>;

export type { LayoutName, Point };

/** A number in [0, 1) from a text: the same one on every machine. */
export function hash(text: string): number {
    let value = 0x811c9dc5;
    for (let index = 0; index < text.length; index += 1) {
        value ^= text.charCodeAt(index);
        value = Math.imul(value, 0x01000193);
    }
    value ^= value >>> 16;
    value = Math.imul(value, 0x7feb352d);
    value ^= value >>> 15;
    return (value >>> 0) / 2 ** 32;
}

/** Seeded random numbers in [0, 1). */
export function random(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let value = Math.imul(state ^ (state >>> 15), 1 | state);
        value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
        return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** Neighbours of each node. */
export function neighbors(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Map<string, string[]> {
    const near = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
    for (const edge of edges) {
        near.get(edge.source)?.push(edge.target);
        near.get(edge.target)?.push(edge.source);
    }
    return near;
}

/** Runs a layout to its end. */
export function finish(layout: Layout): Placed {
    for (;;) {
        const step = layout.next();
        if (step.done) return step.value;
    }
}
