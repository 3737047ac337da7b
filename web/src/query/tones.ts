// Colours, numbers and names as every chart writes them.
import { formatTime } from "../state/time";
import { severities } from "../ui/kinds";
import type { Chart } from "./chart";

const TONES = 10;

/** A series' colour; severities have theirs everywhere. */
export function tone(index: number, name = ""): string {
    const severity = severities.find((one) => one === name);
    return `var(--${severity ? severity.toLowerCase() : `series-${(index % TONES) + 1}`})`;
}

export const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3, notation: "compact" });

/** Where a point stands, for people. */
export function pointLabel(chart: Chart, point: { label: string; x: number }): string {
    if (chart.axis === "time") return formatTime(point.label || point.x);
    if (chart.axis === "label") return point.label || chart.labels[point.x] || "(empty)";
    return point.label || number.format(point.x);
}

export const shorten = (text: string, most = 14) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
