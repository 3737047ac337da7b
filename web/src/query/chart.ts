// Turns a table into a chart: which column is the axis, which are measures, which split them into series; and the shapes as numbers.
import type { Column } from "../api/types";
import { exploded } from "./arrays";
import type { ChartKind, Plan, Stack } from "./render";

export interface Point {
    /** Where it stands: milliseconds, a number, or the place of its label. */
    x: number;
    label: string;
    y: number;
}

export interface Series {
    name: string;
    /** Place of its column among the measures. */
    measure: number;
    points: Point[];
    /** Those of its points that are anomalies. */
    marked: Point[];
}

export interface Chart {
    axis: "time" | "number" | "label";
    axisName: string;
    labels: string[];
    /** Names of the columns whose values are drawn. */
    measures: string[];
    series: Series[];
    /** Values left out because they are missing or have no place on a logarithmic axis. */
    passed: number;
    /** What the query asked for and cannot have, in words. */
    notes: string[];
}

type Rows = readonly (readonly unknown[])[];

/** Series drawn; more would not be told apart. */
export const SERIES_MAX = 12;
const NUMBERS = /^(int|long|real|decimal)$/;
/** Charts whose axis is a scale; the others stand over names. */
const SCALED: readonly ChartKind[] = ["line", "area", "scatter"];

interface Roles {
    x: number;
    measures: number[];
    splits: number[];
    anomalies: number[];
    notes: string[];
}

/** The chart of a table as `plan` asks for it, drawn as `kind`. */
export function readChart(columns: readonly Column[], rows: Rows, plan: Plan, kind: ChartKind): Chart | undefined {
    const table = exploded(columns, rows);
    const roles = rolesOf(table.columns, table.rows, plan, kind, table.axis);
    if (!roles) return undefined;
    const type = table.columns[roles.x]?.type ?? "";
    const axis = type === "datetime" ? "time" : NUMBERS.test(type) && SCALED.includes(kind) ? "number" : "label";
    const chart = filled(table, roles, axis, plan);
    if (plan.accumulate) for (const one of chart.series) accumulate(one.points);
    return chart;
}

/** Which column is what: what the plan names, and Kusto's choice for the rest. */
function rolesOf(columns: readonly Column[], rows: Rows, plan: Plan, kind: ChartKind, axisAt: number | undefined): Roles | undefined {
    const notes: string[] = [];
    const find = (property: string, name: string): number[] => {
        const exact = columns.findIndex((column) => column.name === name);
        const at = exact >= 0 ? exact : columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
        if (at < 0) notes.push(`${property} names ${name}, which is no column of the result`);
        return at < 0 ? [] : [at];
    };
    const chosen = plan.yColumns.flatMap((name) => find("ycolumns", name));
    const splits = plan.series.flatMap((name) => find("series", name));
    const anomalies = plan.anomalyChart ? plan.anomalies.flatMap((name) => find("anomalycolumns", name)) : [];
    const numbers = columns.flatMap((column, at) => (NUMBERS.test(column.type) ? [at] : []));
    if (plan.anomalyChart && anomalies.length === 0) anomalies.push(...flags(rows, numbers, chosen));
    const taken = new Set([...chosen, ...splits, ...anomalies]);
    const [named] = plan.xColumn ? find("xcolumn", plan.xColumn) : [];
    const x = named ?? axisAt ?? usual(columns, taken, plan, kind);
    if (x === undefined) return undefined;
    const measures = chosen.length > 0 ? chosen : numbers.filter((at) => at !== x && !splits.includes(at) && !anomalies.includes(at));
    if (measures.length === 0) return undefined;
    const texts = columns.flatMap((column, at) =>
        at === x || taken.has(at) || NUMBERS.test(column.type) || column.type === "datetime" ? [] : [at],
    );
    // A result that nobody planned a chart for may have many texts: one of them splits.
    const rest = plan.series.length > 0 ? splits : plan.kind ? texts : texts.slice(0, 1);
    return { x, measures, splits: rest.filter((at) => at !== x), anomalies, notes };
}

/** The axis where nothing names one: a time for charts along a scale, otherwise the first column. */
function usual(columns: readonly Column[], taken: ReadonlySet<number>, plan: Plan, kind: ChartKind): number | undefined {
    const free = columns.flatMap((column, at) => (taken.has(at) ? [] : [{ at, type: column.type }]));
    const time = free.find(({ type }) => type === "datetime")?.at;
    if (plan.kind) return (SCALED.includes(kind) ? time : undefined) ?? free[0]?.at;
    const text = free.find(({ type }) => !NUMBERS.test(type) && type !== "datetime")?.at;
    return time ?? text ?? (free.length > 1 || taken.size > 0 ? free[0]?.at : undefined);
}

/** Columns that look like the flags of an anomaly function: nothing but -1, 0 and 1. */
function flags(rows: Rows, numbers: readonly number[], chosen: readonly number[]): number[] {
    const flag = (at: number) => rows.every((row) => row[at] === null || [-1, 0, 1].includes(Number(row[at])));
    const found = numbers.filter((at) => !chosen.includes(at) && flag(at));
    return found.length < numbers.length ? found : [];
}

function filled(table: { columns: readonly Column[]; rows: Rows }, roles: Roles, axis: Chart["axis"], plan: Plan): Chart {
    const { x: axisAt, measures, splits, anomalies } = roles;
    const labels: string[] = [];
    const places = new Map<string, number>();
    const series = new Map<string, Series>();
    const standing = new Map<string, Point>();
    let [passed, added] = [0, 0];
    for (const row of table.rows) {
        const label = String(row[axisAt] ?? "");
        let x = axis === "time" ? Date.parse(label) : row[axisAt] === null ? Number.NaN : Number(row[axisAt]);
        if (axis === "label") {
            x = places.get(label) ?? labels.push(label) - 1;
            places.set(label, x);
        }
        const split = splits.map((at) => String(row[at] ?? "")).join(", ");
        for (const [measure, at] of measures.entries()) {
            const y = row[at] === null || row[at] === undefined || row[at] === "" ? Number.NaN : Number(row[at]);
            if (!Number.isFinite(x) || !Number.isFinite(y) || (plan.yLog && y <= 0) || (plan.xLog && axis === "number" && x <= 0)) {
                passed += 1;
                continue;
            }
            const column = table.columns[at]?.name ?? "";
            const name = [split, split && measures.length === 1 ? "" : column].filter(Boolean).join(" ");
            const found = series.get(name) ?? { name, measure, points: [], marked: [] };
            series.set(name, found);
            // Names stand once: rows that differ in what is not drawn are added up.
            const place = `${name}\n${x}`;
            const before = axis === "label" ? standing.get(place) : undefined;
            if (before) {
                before.y += y;
                added += 1;
                continue;
            }
            const point = { x, label, y };
            standing.set(place, point);
            found.points.push(point);
            const flag = anomalies.length === measures.length ? anomalies[measure] : measure === 0 ? anomalies[0] : undefined;
            if (flag !== undefined && Number(row[flag] ?? 0) !== 0) found.marked.push(point);
        }
    }
    const all = [...series.values()];
    if (axis !== "label") for (const one of all) one.points.sort((a, b) => a.x - b.x);
    const notes = added > 0 ? [...roles.notes, `rows that share a name and a series are added up (${added})`] : roles.notes;
    const names = measures.map((at) => table.columns[at]?.name ?? "");
    return { axis, axisName: table.columns[axisAt]?.name ?? "", labels, measures: names, series: all, passed, notes };
}

function accumulate(points: Point[]): void {
    let sum = 0;
    for (const point of [...points].sort((a, b) => a.x - b.x)) {
        sum += point.y;
        point.y = sum;
    }
}

/** A point with the stretch that it takes: from what lies below it to its own end. */
export interface Part extends Point {
    from: number;
    to: number;
    /** Its own value, however it is drawn. */
    value: number;
}

/** Series as parts: each from nothing, or on those before it; what is negative hangs below. */
export function parted(series: readonly Series[], stack: Stack): Part[][] {
    if (stack === "none") return series.map((one) => one.points.map((point) => ({ ...point, from: 0, to: point.y, value: point.y })));
    const sums = new Map<number, number>();
    for (const { points } of series) for (const { x, y } of points) sums.set(x, (sums.get(x) ?? 0) + Math.abs(y));
    const above = new Map<number, number>();
    const below = new Map<number, number>();
    const places = [...sums.keys()].sort((a, b) => a - b);
    return series.map(({ points }) => {
        const own = new Map(points.map((point) => [point.x, point]));
        // A series without a value somewhere takes no room there: those above it must not hang over its gap.
        return places.map((x): Part => {
            const point = own.get(x) ?? { x, label: "", y: 0 };
            const share = stack === "stacked100" ? (100 * point.y) / Math.max(sums.get(x) ?? 0, Number.EPSILON) : point.y;
            const side = share < 0 ? below : above;
            const from = side.get(x) ?? 0;
            side.set(x, from + share);
            return { ...point, from, to: from + share, value: point.y };
        });
    });
}

/** Round steps of an axis from 0 (or below) to at least `most`. */
export function ticks(least: number, most: number, count = 5): number[] {
    const low = Math.min(0, least);
    return stepsBetween(low, Math.max(most, low + Number.EPSILON), count, true);
}

/** A scale from values to the share of the axis that lies below them. */
export interface Scale {
    steps: number[];
    share(value: number): number;
}

/** The scale of values between `least` and `most`; ends that a person gave are kept as they are. */
export function scaleOf(least: number, most: number, given: { min?: number | undefined; max?: number | undefined; log?: boolean }): Scale {
    // Without a value there is nothing to span.
    if (!Number.isFinite(least) || !Number.isFinite(most)) return scaleOf(1, 10, given);
    if (given.log) {
        const low = Math.floor(Math.log10(given.min && given.min > 0 ? given.min : Math.max(least, Number.MIN_VALUE)) + 1e-9);
        const high = Math.max(low + 1, Math.ceil(Math.log10(given.max && given.max > 0 ? given.max : Math.max(most, 10 ** low)) - 1e-9));
        const every = Math.max(1, Math.ceil((high - low) / 6));
        const steps: number[] = [];
        for (let power = low; power <= high; power += every) steps.push(Number((10 ** power).toPrecision(12)));
        return { steps, share: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) };
    }
    const round = ticks(Math.min(least, given.min ?? least), Math.max(most, given.max ?? most));
    const low = given.min ?? round[0] ?? 0;
    const high = given.max ?? round.at(-1) ?? 1;
    const steps = given.min === undefined && given.max === undefined ? round : stepsBetween(low, Math.max(high, low), 5, false);
    return { steps, share: (value) => (value - low) / Math.max(high - low, Number.EPSILON) };
}

/** Round numbers from `low` on, up to `high` or, if they must `cover` it, one beyond. */
function stepsBetween(low: number, high: number, count: number, cover: boolean): number[] {
    const raw = Math.max(high - low, Number.EPSILON) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
    const found: number[] = [];
    const begin = cover ? Math.floor(low / step) : Math.ceil(low / step - 1e-9);
    const end = cover ? high + step : high + step * 1e-9;
    for (let at = begin; cover ? at * step < end : at * step <= end; at += 1) found.push(Number((at * step).toPrecision(12)));
    return found;
}
