// Draws a chart as SVG. The table beside it is its readable form.
import type { Column } from "../api/types";
import { formatCount, formatTime } from "../state/time";
import { severities } from "../ui/kinds";
import { Empty } from "../ui/states";
import { type Chart, type ChartKind, readChart, SERIES_MAX, type Series, ticks } from "./chart";

const WIDTH = 960;
const HEIGHT = 340;
const LEFT = 64;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 34;
const BARS_MAX = 60;
/** Half the width of a text below the axis. */
const EDGE = 34;
const tones = ["account", "host", "ip", "process", "file", "url", "cloud", "incident", "alert", "other"].map(
    (name) => `var(--kind-${name})`,
);
/** A series' colour; severities have theirs everywhere. */
function tone(index: number, name = ""): string {
    const severity = severities.find((one) => one === name);
    return severity ? `var(--${severity.toLowerCase()})` : `${tones[index % tones.length]}`;
}
const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3, notation: "compact" });

export function ChartView({ columns, rows, kind }: { columns: readonly Column[]; rows: readonly (readonly unknown[])[]; kind: ChartKind }) {
    const chart = readChart(columns, rows);
    if (!chart || chart.series.length === 0) {
        return (
            <Empty title="No chart can be made of this">
                A chart needs a column of numbers and a time, text or number to set them against.
            </Empty>
        );
    }
    const series = chart.series.slice(0, SERIES_MAX);
    const shape = kind === "pie" ? "pie" : kind === "bar" ? "bar" : chart.axis === "label" ? "column" : kind;
    return (
        <div class="chart">
            {shape === "pie" ? (
                <Pie chart={chart} />
            ) : shape === "bar" ? (
                <Bars chart={chart} />
            ) : (
                <Plane chart={chart} series={series} shape={shape} />
            )}
            {shape !== "pie" && chart.series.length > 1 && (
                <ul class="legend">
                    {series.map((one, index) => (
                        <li key={one.name}>
                            <i class="dot" style={{ "--tone": tone(index, one.name) }} />
                            {one.name}
                        </li>
                    ))}
                    {chart.series.length > SERIES_MAX && (
                        <li class="faint">{formatCount(chart.series.length - SERIES_MAX)} more series are not drawn</li>
                    )}
                </ul>
            )}
            {chart.passed > 0 && <p class="faint small">{formatCount(chart.passed)} values are missing and not drawn.</p>}
        </div>
    );
}

function Plane({ chart, series, shape }: { chart: Chart; series: readonly Series[]; shape: ChartKind }) {
    const points = series.flatMap((one) => one.points);
    const columnCount = Math.min(chart.labels.length, BARS_MAX);
    const labelled = chart.axis === "label";
    const xs = points.map((point) => point.x);
    const least = labelled ? -0.5 : Math.min(...xs);
    const most = labelled ? columnCount - 0.5 : Math.max(...xs);
    const steps = ticks(Math.min(...points.map((point) => point.y)), Math.max(...points.map((point) => point.y)));
    const low = steps[0] ?? 0;
    const high = steps[steps.length - 1] ?? 1;
    const py = (y: number) => TOP + (1 - (y - low) / Math.max(high - low, Number.EPSILON)) * (HEIGHT - TOP - BOTTOM);
    const wide = labelled
        ? (WIDTH - LEFT - RIGHT) / Math.max(1, columnCount)
        : Math.max(2, Math.min(28, ((WIDTH - LEFT - RIGHT) / Math.max(1, new Set(xs).size)) * 0.8));
    const one = (labelled ? wide * 0.76 : wide) / series.length;
    const bars = shape === "column";
    // Half of the first and of the last column reaches over their places.
    const inset = bars && !labelled ? wide / 2 : 0;
    const px = (x: number) => LEFT + inset + ((x - least) / Math.max(most - least, Number.EPSILON)) * (WIDTH - LEFT - RIGHT - 2 * inset);
    return (
        <svg
            class="chart-plane"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            role="img"
            aria-label={`Chart of ${series.map((each) => each.name).join(", ")} by ${chart.axisName}`}
        >
            {steps.map((step) => (
                <g key={step}>
                    <line x1={LEFT} x2={WIDTH - RIGHT} y1={py(step)} y2={py(step)} class="chart-line" />
                    <text x={LEFT - 8} y={py(step) + 4} text-anchor="end" class="chart-text">
                        {number.format(step)}
                    </text>
                </g>
            ))}
            <Axis chart={chart} px={px} least={least} most={most} count={columnCount} />
            {series.map((each, index) =>
                bars ? (
                    <g key={each.name} fill={tone(index, each.name)}>
                        {each.points
                            .filter((point) => !labelled || point.x < columnCount)
                            .map((point) => (
                                <rect
                                    key={`${point.x}`}
                                    x={px(point.x) - (one * series.length) / 2 + index * one}
                                    y={Math.min(py(point.y), py(0))}
                                    width={Math.max(1, one - 1)}
                                    height={Math.max(1, Math.abs(py(0) - py(point.y)))}
                                    rx="1.5"
                                >
                                    <title>{`${pointLabel(chart, point.label)}: ${formatCount(point.y)}`}</title>
                                </rect>
                            ))}
                    </g>
                ) : (
                    <g key={each.name}>
                        {shape === "area" && (
                            <path
                                d={`${line(each, px, py)}L${px(each.points.at(-1)?.x ?? 0)},${py(0)}L${px(each.points[0]?.x ?? 0)},${py(0)}Z`}
                                fill={tone(index)}
                                opacity="0.18"
                            />
                        )}
                        {shape !== "scatter" && (
                            <path
                                d={line(each, px, py)}
                                fill="none"
                                stroke={tone(index, each.name)}
                                stroke-width="1.8"
                                stroke-linejoin="round"
                            />
                        )}
                        {(shape === "scatter" || each.points.length <= 120) &&
                            each.points.map((point, at) => (
                                <circle key={`${at}-${point.x}`} cx={px(point.x)} cy={py(point.y)} r="2.6" fill={tone(index, each.name)}>
                                    <title>{`${pointLabel(chart, point.label)}: ${formatCount(point.y)}`}</title>
                                </circle>
                            ))}
                    </g>
                ),
            )}
        </svg>
    );
}

const pointLabel = (chart: Chart, label: string) => (chart.axis === "time" ? formatTime(label) : label);

function line(series: Series, px: (x: number) => number, py: (y: number) => number): string {
    return series.points.map((point, at) => `${at === 0 ? "M" : "L"}${px(point.x).toFixed(1)},${py(point.y).toFixed(1)}`).join("");
}

function Axis({ chart, px, least, most, count }: { chart: Chart; px: (x: number) => number; least: number; most: number; count: number }) {
    const marks: { x: number; text: string }[] = [];
    if (chart.axis === "label") {
        const step = Math.max(1, Math.ceil(count / 10));
        for (let at = 0; at < count; at += step) marks.push({ x: at, text: shorten(chart.labels[at] ?? "") });
    } else {
        const shown = 6;
        for (let at = 0; at <= shown; at += 1) {
            const x = least + ((most - least) * at) / shown;
            marks.push({
                x,
                text: chart.axis === "time" ? formatTime(x, most - least > 3 * 86_400_000 ? "date" : "short") : number.format(x),
            });
            if (most === least) break;
        }
    }
    return (
        <g>
            {marks.map((mark) => (
                <text
                    key={mark.x}
                    x={px(mark.x)}
                    y={HEIGHT - 10}
                    // A text at the edge would be cut in two there.
                    text-anchor={px(mark.x) > WIDTH - RIGHT - EDGE ? "end" : "middle"}
                    class="chart-text"
                >
                    {mark.text}
                </text>
            ))}
        </g>
    );
}

const shorten = (text: string) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);

/** The values of the first series, greatest first. */
const ranked = (chart: Chart) => [...(chart.series[0]?.points ?? [])].sort((a, b) => b.y - a.y);

function Bars({ chart }: { chart: Chart }) {
    const points = ranked(chart).slice(0, BARS_MAX);
    const most = Math.max(...points.map((point) => point.y), Number.EPSILON);
    return (
        <ul class="chart-bars">
            {points.map((point) => (
                <li key={point.label}>
                    <span class="clip" title={point.label}>
                        {pointLabel(chart, point.label) || "(empty)"}
                    </span>
                    <span class="chart-bar">
                        <i style={{ width: `${(100 * Math.max(0, point.y)) / most}%` }} />
                    </span>
                    <span class="number">{formatCount(point.y)}</span>
                </li>
            ))}
        </ul>
    );
}

const PIE_PARTS_MAX = 9;

function Pie({ chart }: { chart: Chart }) {
    const points = ranked(chart).filter((point) => point.y > 0);
    const total = points.reduce((sum, point) => sum + point.y, 0);
    const rest = points.slice(PIE_PARTS_MAX).reduce((sum, point) => sum + point.y, 0);
    const parts = [
        ...points.slice(0, PIE_PARTS_MAX).map((point) => ({ label: pointLabel(chart, point.label), y: point.y })),
        ...(rest > 0 ? [{ label: "all others", y: rest }] : []),
    ];
    let angle = -Math.PI / 2;
    return (
        <div class="chart-pie">
            <svg viewBox="0 0 200 200" role="img" aria-label={`Shares of ${chart.series[0]?.name ?? ""} by ${chart.axisName}`}>
                {parts.map((part, index) => {
                    const span = Math.min((2 * Math.PI * part.y) / total, 2 * Math.PI - 1e-4);
                    const [a, b] = [angle, angle + span];
                    angle = b;
                    const at = (turn: number, radius: number) =>
                        `${(100 + radius * Math.cos(turn)).toFixed(2)},${(100 + radius * Math.sin(turn)).toFixed(2)}`;
                    const large = span > Math.PI ? 1 : 0;
                    return (
                        <path
                            key={part.label}
                            fill={tone(index)}
                            d={`M${at(a, 92)}A92,92 0 ${large} 1 ${at(b, 92)}L${at(b, 54)}A54,54 0 ${large} 0 ${at(a, 54)}Z`}
                        />
                    );
                })}
            </svg>
            <ul class="chart-shares">
                {parts.map((part, index) => (
                    <li key={part.label}>
                        <i class="dot" style={{ "--tone": tone(index, part.label) }} />
                        <span class="clip grow">{part.label || "(empty)"}</span>
                        <span class="number">{formatCount(part.y)}</span>
                        <span class="number faint">{((100 * part.y) / total).toFixed(1)}%</span>
                    </li>
                ))}
            </ul>
        </div>
    );
}
