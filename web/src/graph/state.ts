// The investigation as a value: what is loaded and how it is shown. Every change is data that can be turned round.

import type { Load } from "./loads";
import type { GraphEdge, GraphNode, NodeId } from "./model";

export type LayoutName = "force" | "time" | "tactic";

/** A place in the plane of the graph; the page's zoom does not touch it. */
export interface Point {
    readonly x: number;
    readonly y: number;
}

/** Choices for the whole picture; what is not chosen is absent. */
export interface Settings {
    layout: LayoutName;
    /** Whether alike nodes stand as one. */
    grouping: boolean;
    /** Nothing that began later is shown. */
    asOf: number;
    /** Only what happened between these is shown. */
    window: readonly [number, number];
    /** Key of the load whose trail is marked. */
    trail: string;
}

/** Every part is a map, so that one kind of change serves all of them. */
export interface GraphState {
    readonly nodes: ReadonlyMap<string, GraphNode>;
    readonly edges: ReadonlyMap<string, GraphEdge>;
    readonly loads: ReadonlyMap<string, Load>;
    readonly hidden: ReadonlyMap<NodeId, true>;
    readonly pinned: ReadonlyMap<NodeId, Point>;
    readonly collapsed: ReadonlyMap<NodeId, true>;
    /** Members of groups that were opened. */
    readonly ungrouped: ReadonlyMap<NodeId, true>;
    /** While not empty, nothing else is shown. */
    readonly isolated: ReadonlyMap<NodeId, true>;
    readonly settings: ReadonlyMap<keyof Settings, Settings[keyof Settings]>;
}

export type Slice = keyof GraphState;

export const EMPTY: GraphState = {
    nodes: new Map(),
    edges: new Map(),
    loads: new Map(),
    hidden: new Map(),
    pinned: new Map(),
    collapsed: new Map(),
    ungrouped: new Map(),
    isolated: new Map(),
    settings: new Map(),
};

export const SLICES = Object.keys(EMPTY) as Slice[];

/** One setting, or what holds when nobody chose. */
export function setting<K extends keyof Settings>(state: GraphState, name: K): Settings[K] | undefined {
    return state.settings.get(name) as Settings[K] | undefined;
}

export function layoutOf(state: GraphState): LayoutName {
    return setting(state, "layout") ?? "force";
}

export function groupingOf(state: GraphState): boolean {
    return setting(state, "grouping") ?? true;
}

/** One entry of one part, before and after; `undefined` is absent. */
export interface Step {
    readonly slice: Slice;
    readonly key: string;
    readonly before: unknown;
    readonly after: unknown;
}

export type Change = readonly Step[];

/** The state after a change. Parts that it does not touch are the same objects as before. */
export function apply(state: GraphState, change: Change): GraphState {
    const copies: Partial<Record<Slice, Map<string, unknown>>> = {};
    for (const step of change) {
        const copy = copies[step.slice] ?? new Map<string, unknown>(state[step.slice] as ReadonlyMap<string, unknown>);
        copies[step.slice] = copy;
        if (step.after === undefined) copy.delete(step.key);
        else copy.set(step.key, step.after);
    }
    return { ...state, ...copies } as GraphState;
}

/** The change that takes a change back. */
export function inverse(change: Change): Change {
    return change.map(({ slice, key, before, after }) => ({ slice, key, before: after, after: before })).reverse();
}

/** Two changes as one. */
export function joined(first: Change, second: Change): Change {
    const steps = new Map<string, Step>();
    for (const step of [...first, ...second]) {
        const place = `${step.slice}\n${step.key}`;
        const known = steps.get(place);
        steps.set(place, known ? { ...known, after: step.after } : step);
    }
    return [...steps.values()].filter((step) => step.before !== step.after);
}
