// How a query asks to be drawn: the answer's `render`, read into one plan. Texts of queries are never read here.
import type { Render } from "../api/types";

export type ChartKind = "line" | "column" | "bar" | "pie" | "area" | "scatter" | "card" | "treemap" | "ladder";

/** Whether series stand beside each other, on each other, or as shares of their sum. */
export type Stack = "none" | "stacked" | "stacked100";

/** Whether measures share one axis, have an axis each, or a panel each. */
export type Split = "none" | "axes" | "panels";

export interface Plan {
    /** The chart that was asked for; none where the query names none, or no chart. */
    readonly kind: ChartKind | undefined;
    readonly stack: Stack;
    readonly title: string;
    readonly xTitle: string;
    readonly yTitle: string;
    readonly xColumn: string;
    readonly yColumns: readonly string[];
    readonly series: readonly string[];
    /** Columns that say where a value is an anomaly; of an anomaly chart. */
    readonly anomalies: readonly string[];
    readonly legend: boolean;
    readonly xLog: boolean;
    readonly yLog: boolean;
    readonly xMin: number | undefined;
    readonly xMax: number | undefined;
    readonly yMin: number | undefined;
    readonly yMax: number | undefined;
    /** Each value is the sum of itself and those before it. */
    readonly accumulate: boolean;
    readonly split: Split;
    readonly anomalyChart: boolean;
}

const kinds: Readonly<Record<string, ChartKind>> = {
    anomalychart: "line",
    areachart: "area",
    barchart: "bar",
    card: "card",
    columnchart: "column",
    ladderchart: "ladder",
    linechart: "line",
    piechart: "pie",
    scatterchart: "scatter",
    stackedareachart: "area",
    timechart: "line",
    treemap: "treemap",
};

/** The plan of an answer. */
export function planOf(render: Render | null | undefined): Plan {
    const chart = render?.chart.toLowerCase() ?? "";
    const given = render?.properties ?? {};
    const text = (name: string) => given[name] ?? "";
    const names = (name: string) =>
        text(name)
            .split(",")
            .map((one) => one.trim())
            .filter(Boolean);
    const kind = text("kind").toLowerCase();
    const split = text("ysplit").toLowerCase();
    return {
        kind: kinds[chart],
        stack:
            kind === "stacked" || kind === "stacked100" ? kind : chart === "stackedareachart" && kind !== "unstacked" ? "stacked" : "none",
        title: text("title"),
        xTitle: text("xtitle"),
        yTitle: text("ytitle"),
        xColumn: text("xcolumn"),
        yColumns: names("ycolumns"),
        series: names("series"),
        anomalies: names("anomalycolumns"),
        legend: text("legend").toLowerCase() !== "hidden",
        xLog: text("xaxis").toLowerCase() === "log",
        yLog: text("yaxis").toLowerCase() === "log",
        xMin: bound(given.xmin),
        xMax: bound(given.xmax),
        yMin: bound(given.ymin),
        yMax: bound(given.ymax),
        accumulate: text("accumulate").toLowerCase() === "true",
        split: split === "axes" || split === "panels" ? split : "none",
        anomalyChart: chart === "anomalychart",
    };
}

/** The end of an axis: a number, or an instant in milliseconds. */
function bound(text: string | undefined): number | undefined {
    if (text === undefined || text.trim() === "") return undefined;
    const plain = text.trim().replace(/^datetime\s*\(\s*["']?(.*?)["']?\s*\)$/i, "$1");
    const number = Number(plain);
    const value = Number.isFinite(number) ? number : Date.parse(/\d$/.test(plain) && plain.includes("T") ? `${plain}Z` : plain);
    return Number.isFinite(value) ? value : undefined;
}

/** How the result is shown at first, where the query says so: not every `render` is a chart. */
export function viewOf(render: Render | null | undefined): "table" | "timeline" | "graph" | undefined {
    const chart = render?.chart.toLowerCase();
    if (chart === "timepivot" || chart === "timeline") return "timeline";
    if (chart === "graph") return "graph";
    return chart === "table" || chart === "pivotchart" ? "table" : undefined;
}
