// The investigation in the address: which questions were asked and how the picture is shown. Answers are asked for again.
import type { Call } from "./loads";
import { callKey } from "./loads";
import type { NodeId } from "./model";
import { pack, unpack } from "./packed";
import { shortHash } from "./places";
import type { GraphState, Point, Settings } from "./state";

/** What an address tells of an investigation. */
export interface Link {
    readonly calls: readonly Call[];
    /** What answers brought and a person took out again. */
    readonly removed: readonly NodeId[];
    readonly hidden: readonly NodeId[];
    readonly collapsed: readonly NodeId[];
    readonly ungrouped: readonly NodeId[];
    readonly isolated: readonly NodeId[];
    readonly pinned: readonly (readonly [NodeId, Point])[];
    readonly settings: Partial<Settings>;
    readonly selected: readonly NodeId[];
    /** Where things lie, where that does not follow from the roots alone: whoever opens the address sees the same picture. */
    readonly places: string;
}

const VERSION = 2;
/** An earlier form, whose places are written otherwise. */
const PLACELESS = 1;
/** A parameter longer than this is refused by servers on the way. What is longer stands behind `#`, which no server sees. */
export const PARAM_CHARS_MAX = 6_000;
/** What browsers keep of an address, with room to spare: the picture of 5,000 things takes half of it. */
export const LINK_CHARS_MAX = 100_000;
/** Names up to which all stand in the address; of more, those that only mark something stand as hashes. */
const NAMES_MAX = 100;

/** What of a state goes into the address. Roots are part of the address already. */
export function linkOf(state: GraphState, selected: readonly NodeId[], places = "", removed: readonly NodeId[] = []): Link {
    const loads = [...state.loads.values()].filter((load) => load.call.kind !== "root").sort((a, b) => a.at - b.at);
    return {
        calls: loads.map((load) => load.call),
        removed,
        hidden: [...state.hidden.keys()],
        collapsed: [...state.collapsed.keys()],
        ungrouped: [...state.ungrouped.keys()],
        isolated: [...state.isolated.keys()],
        pinned: [...state.pinned],
        settings: Object.fromEntries(state.settings) as Partial<Settings>,
        selected,
        places,
    };
}

/** Whether it says anything at all. */
export function isEmpty(link: Link): boolean {
    const { settings, ...lists } = link;
    return Object.keys(settings).length === 0 && Object.values(lists).every((list) => list.length === 0);
}

/** Whether a picture of just the roots would lie the same way. */
export function liesFresh(state: GraphState): boolean {
    const { nodes: _nodes, edges: _edges, loads, settings, ...changes } = state;
    const asked = [...loads.values()].some((load) => load.call.kind !== "root");
    return !asked && !settings.has("grouping") && Object.values(changes).every((part) => part.size === 0);
}

const FIELDS = ["removed", "hidden", "collapsed", "ungrouped", "isolated", "selected"] as const;

/** A name that stands as its hash: no reference of a node begins like that. */
const HASHED = "#";
const hashed = (id: NodeId): string => HASHED + shortHash(id).toString(36);

/** Gives the names behind those of a link, of which some may stand as hashes; what nobody has is left out. */
export function namesBehind(known: Iterable<NodeId>): (ids: readonly NodeId[]) => NodeId[] {
    let hashes: Map<string, NodeId> | undefined;
    return (ids) =>
        ids.flatMap((id) => {
            if (!id.startsWith(HASHED)) return [id];
            hashes ??= new Map([...known].map((one) => [hashed(one), one]));
            return hashes.get(id) ?? [];
        });
}

/** As text that an address can hold. */
export async function writeLink(link: Link): Promise<string> {
    if (isEmpty(link)) return "";
    const many = FIELDS.reduce((sum, field) => sum + link[field].length, link.pinned.length) > NAMES_MAX;
    const names = new Map<NodeId, number>();
    const name = (id: NodeId) => {
        const known = names.get(id);
        if (known !== undefined) return known;
        names.set(id, names.size);
        return names.size - 1;
    };
    const calls = link.calls.map((call) => {
        const copy: Record<string, unknown> = { ...call };
        for (const end of ["node", "a", "b"]) if (typeof copy[end] === "string") copy[end] = name(copy[end] as string);
        return copy;
    });
    const mark = (id: NodeId) => name(many && !id.startsWith(HASHED) ? hashed(id) : id);
    const lists = Object.fromEntries(FIELDS.map((field) => [field, link[field].map(mark)]));
    const pinned = link.pinned.map(([id, { x, y }]) => [mark(id), Math.round(x), Math.round(y)]);
    return pack({
        v: VERSION,
        calls,
        ...lists,
        pinned,
        places: link.places,
        settings: link.settings,
        names: [...names.keys()],
    });
}

/** Reads the text of an address; nothing when it is none of ours. */
export async function readLink(text: string): Promise<Link | undefined> {
    try {
        return check(await unpack(text));
    } catch {
        return undefined;
    }
}

function check(value: unknown): Link | undefined {
    if (!isRecord(value) || (value.v !== VERSION && value.v !== PLACELESS) || !texts(value.names)) return undefined;
    const names = value.names;
    const id = (at: unknown) => (typeof at === "number" ? names[at] : undefined);
    const list = (field: string) => (Array.isArray(value[field]) ? (value[field] as unknown[]).flatMap((at) => id(at) ?? []) : []);
    const calls = Array.isArray(value.calls) ? value.calls.flatMap((call) => readCall(call, id) ?? []) : [];
    const pinned = (Array.isArray(value.pinned) ? value.pinned : []).flatMap((entry): [NodeId, Point][] => {
        if (!Array.isArray(entry)) return [];
        const [at, x, y] = entry as unknown[];
        const name = id(at);
        return name !== undefined && Number.isFinite(x) && Number.isFinite(y) ? [[name, { x: x as number, y: y as number }]] : [];
    });
    return {
        calls,
        removed: list("removed"),
        hidden: list("hidden"),
        collapsed: list("collapsed"),
        ungrouped: list("ungrouped"),
        isolated: list("isolated"),
        selected: list("selected"),
        pinned,
        settings: readSettings(value.settings, calls),
        places: value.v === VERSION && typeof value.places === "string" ? value.places : "",
    };
}

const MODES = ["shortest", "time", "rare", "all"] as const;

function readCall(value: unknown, id: (at: unknown) => NodeId | undefined): Call | undefined {
    if (!isRecord(value)) return undefined;
    const [node, a, b] = [id(value.node), id(value.a), id(value.b)];
    const limit = typeof value.limit === "number" ? { limit: value.limit } : {};
    switch (value.kind) {
        case "explore":
            return node !== undefined && typeof value.query === "string"
                ? { kind: "explore", node, query: value.query, ...limit }
                : undefined;
        case "neighbors":
            return node === undefined ? undefined : { kind: "neighbors", node, ...limit };
        case "blast":
            return node === undefined ? undefined : { kind: "blast", node };
        case "paths": {
            const mode = MODES.find((one) => one === value.mode);
            return a !== undefined && b !== undefined && mode ? { kind: "paths", a, b, mode } : undefined;
        }
        case "common":
            return a !== undefined && b !== undefined ? { kind: "common", a, b } : undefined;
        case "links":
            return { kind: "links" };
        default:
            return undefined;
    }
}

function readSettings(value: unknown, calls: readonly Call[]): Partial<Settings> {
    if (!isRecord(value)) return {};
    const settings: { -readonly [K in keyof Settings]?: Settings[K] } = {};
    if (value.layout === "force" || value.layout === "time" || value.layout === "tactic") settings.layout = value.layout;
    if (typeof value.grouping === "boolean") settings.grouping = value.grouping;
    if (typeof value.asOf === "number") settings.asOf = value.asOf;
    const window = value.window;
    if (Array.isArray(window) && typeof window[0] === "number" && typeof window[1] === "number") settings.window = [window[0], window[1]];
    if (typeof value.trail === "string" && calls.some((call) => callKey(call) === value.trail)) settings.trail = value.trail;
    return settings;
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): value is string[] {
    return Array.isArray(value) && value.every((one) => typeof one === "string");
}
