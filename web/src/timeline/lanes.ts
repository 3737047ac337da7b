// Draws the parallel timeline: histogram and axis above, lanes below; and finds what lies under the pointer.

import { shorten } from "../graph/draw/labels";
import { traceSeverity } from "../graph/draw/shapes";
import type { Theme } from "../graph/draw/theme";
import { severityRank } from "../graph/model";
import { aheadOfUtc } from "../state/time";
import { columnsOf, type Item, type Lane } from "./model";
import { type Tick, type TimeScale, ticks } from "./scale";

export const GUTTER = 148;
export const LANE_PX = 22;
export const HISTOGRAM_PX = 30;
export const AXIS_PX = 18;
const PADDING = 10;
const COLUMN_PX = 5;

/** What is to be drawn beside the items. */
export interface Marks {
    /** Keys of items that are pointed at, here or in the graph. */
    readonly lit: ReadonlySet<string>;
    readonly window: readonly [number, number] | undefined;
    readonly asOf: number | undefined;
}

type Context = CanvasRenderingContext2D;

/** Width that time has in a view of a width. */
export function plotWidth(width: number): number {
    return Math.max(40, width - GUTTER - PADDING);
}

/** Kinds of items that tell of an incident, not of what happened to entities. */
const OF_INCIDENTS: ReadonlySet<string> = new Set(["incident", "status", "automation"]);

/** The colour of an item: severity for alerts, a quiet tone for events. */
function tone(item: Item, theme: Theme): string {
    if (item.kind === "alert") return theme.severity(item.severity);
    if (OF_INCIDENTS.has(item.kind)) return theme.kind("incident");
    return theme.kind("host");
}

export function drawHead(
    context: Context,
    width: number,
    items: readonly Item[],
    scale: TimeScale,
    marks: Marks,
    theme: Theme,
    write: (tick: Tick) => string,
): void {
    const height = HISTOGRAM_PX + AXIS_PX;
    context.fillStyle = theme.surface;
    context.fillRect(0, 0, width, height);
    const columns = columnsOf(items, scale.x, scale.width, COLUMN_PX);
    const most = Math.max(1, ...columns.map((column) => column.total));
    // Square roots keep a single event visible beside a thousand.
    const tall = (count: number) => Math.max(1.5, (Math.sqrt(count) / Math.sqrt(most)) * (HISTOGRAM_PX - 4));
    for (const column of columns) {
        let bottom = HISTOGRAM_PX;
        const whole = tall(column.total);
        for (const [kind, colour] of [
            ["event", theme.kind("host")],
            ["alert", theme.kind("alert")],
            ["incident", theme.kind("incident")],
            ["status", theme.kind("incident")],
            ["automation", theme.kind("incident")],
        ] as const) {
            const count = column.counts[kind] ?? 0;
            if (count === 0) continue;
            const part = (whole * count) / column.total;
            context.fillStyle = colour;
            context.fillRect(GUTTER + column.left, bottom - part, COLUMN_PX - 1, part);
            bottom -= part;
        }
    }
    context.fillStyle = theme.faint;
    context.font = `10.5px ${theme.font}`;
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(GUTTER, HISTOGRAM_PX + 0.5);
    context.lineTo(width - PADDING, HISTOGRAM_PX + 0.5);
    context.stroke();
    let free = GUTTER;
    for (const tick of ticks(scale, aheadOfUtc)) {
        const text = write(tick);
        const half = context.measureText(text).width / 2;
        const x = GUTTER + tick.x;
        if (x - half < free || x + half > width - 2) continue;
        context.fillText(text, x, HISTOGRAM_PX + AXIS_PX / 2 + 1);
        free = x + half + 12;
    }
    quiet(context, scale, 0, height, theme);
    shade(context, width, height, scale, marks, theme);
}

export function drawLanes(context: Context, width: number, lanes: readonly Lane[], scale: TimeScale, marks: Marks, theme: Theme): void {
    const height = lanes.length * LANE_PX;
    context.fillStyle = theme.ground;
    context.fillRect(0, 0, width, Math.max(height, context.canvas.height));
    lanes.forEach((lane, index) => {
        const top = index * LANE_PX;
        if (index % 2 === 0) {
            context.fillStyle = theme.tint(theme.lineStrong, 0.12);
            context.fillRect(0, top, width, LANE_PX);
        }
        context.font = `11px ${theme.font}`;
        context.textAlign = "left";
        context.textBaseline = "middle";
        context.fillStyle = theme.muted;
        context.fillText(shorten(lane.label, 17), 10, top + LANE_PX / 2);
        context.fillStyle = theme.faint;
        context.textAlign = "right";
        context.fillText(String(lane.items.length), GUTTER - 10, top + LANE_PX / 2);
        items(context, lane, top + LANE_PX / 2, scale, marks, theme);
    });
    quiet(context, scale, 0, height, theme);
    shade(context, width, height, scale, marks, theme);
}

function items(context: Context, lane: Lane, middle: number, scale: TimeScale, marks: Marks, theme: Theme): void {
    const later = (item: Item) => marks.asOf !== undefined && item.time > marks.asOf;
    // Events are many: one tick for each pixel, stronger where more of them meet.
    const density = new Map<number, number>();
    for (const item of lane.items) {
        if (item.kind !== "event") continue;
        const x = Math.round(scale.x(item.time));
        density.set(x, (density.get(x) ?? 0) + 1);
    }
    context.fillStyle = theme.kind("host");
    for (const [x, count] of density) {
        const faded = marks.asOf !== undefined && scale.time(x) > marks.asOf ? 0.25 : 1;
        context.globalAlpha = theme.opacity(Math.min(1, 0.45 + Math.log2(count) * 0.15) * faded);
        const tall = Math.min(LANE_PX - 6, 7 + Math.log2(count) * 2);
        context.fillRect(GUTTER + x - 0.75, middle - tall / 2, 1.5, tall);
    }
    for (const item of lane.items) {
        if (item.kind === "event" || item.end === undefined) continue;
        const [x, end] = [GUTTER + scale.x(item.time), GUTTER + scale.x(item.end)];
        context.globalAlpha = theme.opacity(later(item) ? 0.08 : 0.3);
        context.fillStyle = tone(item, theme);
        context.fillRect(x, middle - 2, Math.max(2, end - x), 4);
    }
    for (const sign of signs(lane, scale)) {
        const { item } = sign;
        const x = GUTTER + sign.x;
        context.globalAlpha = later(item) ? 0.25 : 1;
        context.fillStyle = tone(item, theme);
        context.strokeStyle = theme.ground;
        context.lineWidth = 1.6;
        context.beginPath();
        if (item.kind === "status" || item.kind === "automation") context.rect(x - 1, middle - 7, 2, 14);
        else traceSeverity(context, item.severity, x, middle, 5.2);
        context.stroke();
        context.fill();
        if (sign.count === 1) continue;
        context.font = `600 ${COUNT_PX}px ${theme.font}`;
        context.textAlign = "left";
        context.textBaseline = "middle";
        // A bar may run behind: the number has ground of its own.
        context.fillStyle = theme.ground;
        context.fillRect(x + 6, middle - 6, countRoom(sign.count) - 4, 12);
        context.fillStyle = theme.text;
        context.fillText(`${sign.count}`, x + 7.5, middle + 0.5);
    }
    context.globalAlpha = 1;
    for (const item of lane.items) {
        if (!marks.lit.has(item.key)) continue;
        const x = GUTTER + scale.x(item.time);
        context.strokeStyle = theme.accent;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(x, middle, 8.5, 0, 2 * Math.PI);
        context.stroke();
    }
}

interface Sign {
    readonly x: number;
    readonly item: Item;
    readonly count: number;
}

const SIGN_PX = 11;
const COUNT_PX = 9.5;

/** Pixels that the number beside a sign takes. */
const countRoom = (count: number) => (count > 1 ? 6 + String(count).length * COUNT_PX * 0.66 : 0);

/** The records of a lane; those that would lie over each other as the gravest of them with their count. */
function signs(lane: Lane, scale: TimeScale): Sign[] {
    const found: { x: number; item: Item; count: number }[] = [];
    for (const item of lane.items) {
        if (item.kind === "event") continue;
        const x = scale.x(item.time);
        const last = found.at(-1);
        if (!last || x - last.x > SIGN_PX + countRoom(last.count)) {
            found.push({ x, item, count: 1 });
            continue;
        }
        last.count += 1;
        if (weight(item) > weight(last.item)) last.item = item;
    }
    return found;
}

function weight(item: Item): number {
    return severityRank(item.severity) * 2 + (item.kind === "alert" ? 1 : 0);
}

/** Quiet stretches are hatched: there, time runs faster. */
function quiet(context: Context, scale: TimeScale, top: number, height: number, theme: Theme): void {
    context.strokeStyle = theme.tint(theme.lineStrong, 0.7);
    context.lineWidth = 1;
    for (const one of scale.stretches) {
        if (!one.quiet) continue;
        context.beginPath();
        for (const side of [one.left + 4, one.right - 4]) {
            for (let y = top; y < height; y += 6) {
                context.moveTo(GUTTER + side + (((y - top) / 6) % 2 === 0 ? -2 : 2), y);
                context.lineTo(GUTTER + side + (((y - top) / 6) % 2 === 0 ? 2 : -2), y + 6);
            }
        }
        context.stroke();
    }
}

function shade(context: Context, width: number, height: number, scale: TimeScale, marks: Marks, theme: Theme): void {
    if (marks.window) {
        const [from, to] = marks.window.map((time) => GUTTER + scale.x(time)) as [number, number];
        context.globalAlpha = 0.62;
        context.fillStyle = theme.ground;
        context.fillRect(GUTTER, 0, Math.max(0, from - GUTTER), height);
        context.fillRect(to, 0, Math.max(0, width - to), height);
        context.globalAlpha = 1;
        context.fillStyle = theme.accent;
        context.fillRect(from - 1, 0, 2, height);
        context.fillRect(to - 1, 0, 2, height);
    }
    if (marks.asOf !== undefined) {
        context.fillStyle = theme.text;
        context.fillRect(GUTTER + scale.x(marks.asOf) - 0.75, 0, 1.5, height);
    }
}

const REACH = 7;

/** The item at a point of the lanes: the nearest one, records before events. */
export function itemAt(lanes: readonly Lane[], scale: TimeScale, x: number, y: number): Item | undefined {
    const lane = lanes[Math.floor(y / LANE_PX)];
    if (!lane || x < GUTTER - REACH) return undefined;
    let best: Item | undefined;
    let least = REACH;
    for (const item of lane.items) {
        const begin = GUTTER + scale.x(item.time);
        const end = item.end === undefined ? begin : GUTTER + scale.x(item.end);
        const outside = x < begin ? begin - x : x > end ? x - end : 0;
        const distance = Math.min(Math.abs(x - begin), outside + 3) + (item.kind === "event" ? 1 : 0);
        if (distance < least) {
            least = distance;
            best = item;
        }
    }
    return best;
}
