// Items of a timeline as the lanes show them: read from answers, put into lanes, counted into columns.
import type { TimelineItem } from "../api/types";
import { spaced, tactics as TACTICS } from "../ui/kinds";

export type LaneBy = "tactic" | "entity" | "table";

export interface Item {
    readonly key: string;
    readonly time: number;
    readonly end?: number;
    readonly kind: string;
    readonly message: string;
    readonly source: string;
    readonly severity?: string;
    readonly tactics: readonly string[];
    readonly node?: string;
    /** Nodes that it is about: those asked for that it touches, and its own. */
    readonly nodes: readonly string[];
    readonly raw: TimelineItem;
}

/** Dated items of an answer, oldest first. */
export function readItems(items: readonly TimelineItem[]): Item[] {
    return items
        .flatMap((raw, index): Item[] => {
            const time = raw.time ? Date.parse(raw.time) : Number.NaN;
            if (Number.isNaN(time)) return [];
            const end = raw.end ? Date.parse(raw.end) : Number.NaN;
            const nodes = raw.node ? [raw.node, ...raw.touches] : raw.touches;
            return [
                {
                    key: `${raw.kind} ${raw.seq} ${raw.node ?? ""} ${index}`,
                    time,
                    ...(Number.isNaN(end) || end <= time ? {} : { end }),
                    kind: raw.kind,
                    message: raw.message,
                    source: raw.source,
                    ...(raw.severity ? { severity: raw.severity } : {}),
                    tactics: raw.tactics,
                    ...(raw.node ? { node: raw.node } : {}),
                    nodes: [...new Set(nodes)],
                    raw,
                },
            ];
        })
        .sort((a, b) => a.time - b.time);
}

export interface Lane {
    readonly id: string;
    readonly label: string;
    readonly items: readonly Item[];
}

const RANK = new Map<string, number>(TACTICS.map((name, index) => [name, index]));

/** Items in lanes. An item can lie in several: an alert with two tactics in both. */
export function lanesOf(items: readonly Item[], by: LaneBy, nameOf: (id: string) => string): Lane[] {
    const lanes = new Map<string, Item[]>();
    for (const item of items) {
        for (const id of lanesFor(item, by)) {
            const list = lanes.get(id);
            if (list) list.push(item);
            else lanes.set(id, [item]);
        }
    }
    const label = (id: string) => {
        if (by === "entity") return nameOf(id);
        if (by === "table") return id;
        return id === EVENTS ? "Events" : id === NONE ? "No tactic" : spaced(id);
    };
    const order = (id: string) => (by === "tactic" ? (RANK.get(id) ?? (id === EVENTS ? 99 : 98)) : 0);
    return [...lanes]
        .map(([id, list]) => ({ id, label: label(id), items: list }))
        .sort((a, b) => order(a.id) - order(b.id) || b.items.length - a.items.length || (a.label < b.label ? -1 : 1));
}

const EVENTS = "events";
const NONE = "none";

function lanesFor(item: Item, by: LaneBy): readonly string[] {
    if (by === "table") return [item.kind === "alert" ? `Alerts: ${item.source}` : item.kind === "event" ? item.source : "Incident"];
    if (by === "entity") {
        const entities = item.nodes.filter((id) => !id.startsWith("alert:") && !id.startsWith("incident:"));
        return entities.length > 0 ? entities : item.node ? [item.node] : [];
    }
    if (item.kind === "event") return [EVENTS];
    return item.tactics.length > 0 ? item.tactics : [NONE];
}

export interface Column {
    readonly left: number;
    readonly right: number;
    readonly counts: Readonly<Record<string, number>>;
    readonly total: number;
}

/** Items counted into columns of pixels. */
export function columnsOf(items: readonly Item[], x: (time: number) => number, width: number, column: number): Column[] {
    const count = Math.max(1, Math.ceil(width / column));
    const bins: Record<string, number>[] = Array.from({ length: count }, () => ({}));
    for (const item of items) {
        const bin = bins[Math.max(0, Math.min(count - 1, Math.floor(x(item.time) / column)))];
        if (bin) bin[item.kind] = (bin[item.kind] ?? 0) + 1;
    }
    return bins.flatMap((counts, index) => {
        const total = Object.values(counts).reduce((sum, value) => sum + value, 0);
        return total === 0 ? [] : [{ left: index * column, right: (index + 1) * column, counts, total }];
    });
}

/** The part of a story that is looked at first, and how many of its items lie before and behind it. */
export interface Focus {
    readonly from: number;
    readonly to: number;
    readonly outside: number;
}

/** Around what a window holds there is this much of it, and no less than some minutes. */
const AROUND = 0.1;
const AROUND_MIN = 15 * 60_000;
/** The window is looked at first where it would have less than this share of the width beside everything else. */
const FOCUS_SHARE = 0.4;

/** The window of `activity` where what lies far from it would press it together; nothing where it has room enough. */
export function focusOf(
    items: readonly Item[],
    activity: readonly [number, number] | undefined,
    shareOf: (from: number, to: number) => number,
): Focus | undefined {
    if (!activity || items.length === 0) return undefined;
    const around = Math.max(AROUND_MIN, (activity[1] - activity[0]) * AROUND);
    const [from, to] = [activity[0] - around, activity[1] + around];
    const outside = items.filter((item) => !lies(item, from, to)).length;
    if (outside === 0 || outside === items.length || shareOf(from, to) >= FOCUS_SHARE) return undefined;
    return { from, to, outside };
}

/** Whether an item lies in a stretch of time. */
export function lies(item: Item, from: number, to: number): boolean {
    return (item.end ?? item.time) >= from && item.time <= to;
}

/** The instants at which something begins, each once, sorted: the steps of the slider. */
export function moments(items: readonly Item[]): number[] {
    return [...new Set(items.map((item) => item.time))].sort((a, b) => a - b);
}

/** The next moment behind an instant, or the one before it. */
export function nextMoment(all: readonly number[], at: number | undefined, forward: boolean): number | undefined {
    if (all.length === 0) return undefined;
    if (at === undefined) return forward ? all[0] : all.at(-1);
    return forward ? all.find((time) => time > at) : [...all].reverse().find((time) => time < at);
}
