// Turns a table into a chart: which column is the axis, which are series, and the shapes as numbers.
import type { Column } from "../api/types";

export type ChartKind = "line" | "column" | "bar" | "pie" | "area" | "scatter";

const kinds: Record<string, ChartKind> = {
    timechart: "line",
    linechart: "line",
    areachart: "area",
    stackedareachart: "area",
    columnchart: "column",
    barchart: "bar",
    piechart: "pie",
    scatterchart: "scatter",
};

/** The kind of chart that a `render` names; none for those that are no charts (`table`, `card`). */
export function chartOf(render: string): ChartKind | undefined {
    return kinds[render];
}

export interface Point {
    /** Where it stands: milliseconds, a number, or the place of its label. */
    x: number;
    label: string;
    y: number;
}

export interface Series {
    name: string;
    points: Point[];
}

export interface Chart {
    axis: "time" | "number" | "label";
    axisName: string;
    labels: string[];
    series: Series[];
    /** Rows left out because they lack a value. */
    passed: number;
}

/** Series drawn; more would not be told apart. */
export const SERIES_MAX = 12;
const NUMBERS = /^(int|long|real|decimal)$/;

/** The chart of a table: a time or the first column is the axis, numbers are series, a second text column splits them. */
export function readChart(columns: readonly Column[], rows: readonly (readonly unknown[])[]): Chart | undefined {
    const numbers = columns.flatMap((column, at) => (NUMBERS.test(column.type) ? [at] : []));
    const time = columns.findIndex((column) => column.type === "datetime");
    const texts = columns.flatMap((column, at) => (!NUMBERS.test(column.type) && column.type !== "datetime" ? [at] : []));
    const axisAt = time >= 0 ? time : (texts[0] ?? (numbers.length > 1 ? numbers[0] : undefined));
    const values = numbers.filter((at) => at !== axisAt);
    if (axisAt === undefined || values.length === 0) return undefined;
    const splitAt = texts.find((at) => at !== axisAt);
    const axis = time >= 0 ? "time" : texts[0] === axisAt ? "label" : "number";
    const labels: string[] = [];
    const places = new Map<string, number>();
    const series = new Map<string, Series>();
    let passed = 0;
    for (const row of rows) {
        const label = String(row[axisAt] ?? "");
        let x = axis === "time" ? Date.parse(label) : Number(row[axisAt]);
        if (axis === "label") {
            x = places.get(label) ?? labels.push(label) - 1;
            places.set(label, x);
        }
        for (const at of values) {
            const y = row[at] === null || row[at] === undefined ? Number.NaN : Number(row[at]);
            if (!Number.isFinite(x) || !Number.isFinite(y)) {
                passed += 1;
                continue;
            }
            const split = splitAt === undefined ? "" : String(row[splitAt] ?? "");
            const name = [split, split && values.length === 1 ? "" : (columns[at]?.name ?? "")].filter(Boolean).join(" ");
            const found = series.get(name) ?? { name, points: [] };
            found.points.push({ x, label, y });
            series.set(name, found);
        }
    }
    const all = [...series.values()];
    if (axis !== "label") for (const one of all) one.points.sort((a, b) => a.x - b.x);
    return { axis, axisName: columns[axisAt]?.name ?? "", labels, series: all, passed };
}

/** Round steps of an axis from 0 (or below) to at least `most`. */
export function ticks(least: number, most: number, count = 5): number[] {
    const low = Math.min(0, least);
    const span = Math.max(most - low, Number.EPSILON);
    const raw = span / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
    const found: number[] = [];
    for (let at = Math.floor(low / step); at * step < most + step; at += 1) found.push(Number((at * step).toPrecision(12)));
    return found;
}
