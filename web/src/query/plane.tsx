// Charts in a plane as SVG: columns, lines, areas and points over an axis of time, numbers or names.
import { formatCount, formatTime } from "../state/time";
import { type Chart, type Part, parted, type Scale, type Series, scaleOf } from "./chart";
import type { ChartKind, Plan } from "./render";
import { number, pointLabel, shorten, tone } from "./tones";
import { useWidth } from "./width";

const HEIGHT = 340;
const LEFT = 64;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 34;
/** Room of a title beside an axis, and of an axis of its own at the right. */
const TITLE = 20;
const AXIS = 56;
/** Half the width of a text below the axis. */
const EDGE = 34;
/** Room that a text below the axis takes. */
const MARK = 96;
/** Names that fit side by side. */
export const NAMES_MAX = 60;
const DOTS_MAX = 120;

interface Props {
    chart: Chart;
    series: readonly Series[];
    /** Their places among all series: colours stay when a panel shows some. */
    tones: readonly number[];
    shape: ChartKind;
    plan: Plan;
    height?: number;
    yTitle?: string;
}

interface Drawing {
    width: number;
    left: number;
    right: number;
    bottom: number;
    height: number;
    px: (x: number) => number;
    /** By measure: they may have an axis each. */
    py: readonly ((y: number) => number)[];
    scales: readonly Scale[];
}

export function Plane({ chart, series, tones, shape, plan, height = HEIGHT, yTitle = plan.yTitle }: Props) {
    const [box, width] = useWidth();
    const stack = shape === "column" || shape === "area" ? plan.stack : "none";
    const parts = parted(series, stack);
    const names = Math.min(chart.labels.length, NAMES_MAX);
    const labelled = chart.axis === "label";
    const xs = series.flatMap((one) => one.points.map((point) => point.x));
    const [least, most] = labelled
        ? [-0.5, names - 0.5]
        : [plan.xMin ?? xs.reduce((a, b) => Math.min(a, b), Infinity), plan.xMax ?? xs.reduce((a, b) => Math.max(a, b), -Infinity)];
    const axes = plan.split === "axes" ? chart.measures.map((_, at) => at) : [0];
    const scales = chart.measures.map((_, measure) => {
        const own = parts.filter((_, at) => plan.split !== "axes" || series[at]?.measure === measure).flat();
        const ends = own.flatMap((part) => (stack === "none" ? [part.to] : [part.from, part.to]));
        const values = plan.yLog ? ends.filter((value) => value > 0) : ends;
        const high =
            stack === "stacked100" && values.every((value) => value <= 100.001) ? 100 : values.reduce((a, b) => Math.max(a, b), -Infinity);
        return scaleOf(
            values.reduce((a, b) => Math.min(a, b), Infinity),
            high,
            { min: plan.yMin, max: plan.yMax, log: plan.yLog },
        );
    });
    const left = LEFT + (yTitle ? TITLE : 0);
    // Axes of several measures are named above.
    const top = axes.length > 1 ? TOP + TITLE : TOP;
    const right = width - RIGHT - (axes.length - 1) * AXIS;
    const bottom = height - BOTTOM - (plan.xTitle ? TITLE : 0);
    const bars = shape === "column";
    const count = labelled ? names : new Set(xs).size;
    const room = (right - left) / Math.max(1, count);
    const wide = labelled ? room : Math.max(2, Math.min(28, room * 0.8));
    // Half of the first and of the last column reaches over their places.
    const inset = bars && !labelled ? wide / 2 : 0;
    const place = plan.xLog && chart.axis === "number" ? Math.log10 : (x: number) => x;
    const span = Math.max(place(most) - place(least), Number.EPSILON);
    const drawing: Drawing = {
        width,
        left,
        right,
        bottom,
        height,
        scales,
        px: (x) => left + inset + ((place(x) - place(least)) / span) * (right - left - 2 * inset),
        py: scales.map((scale) => (y) => top + (1 - Math.min(1.02, Math.max(-0.02, scale.share(y)))) * (bottom - top)),
    };
    const within = (part: Part) => part.x >= least && part.x <= most;
    const shown = parts.map((list) => list.filter(within));
    const lines = { drawing, chart, tones, series };
    return (
        <svg
            ref={box}
            class="chart-plane"
            viewBox={`0 0 ${width} ${height}`}
            height={height}
            role="img"
            aria-label={`Chart of ${series.map((each) => each.name).join(", ")} by ${chart.axisName}`}
        >
            {axes.map((measure, at) => (
                <YAxis
                    key={measure}
                    drawing={drawing}
                    measure={measure}
                    at={at}
                    share={stack === "stacked100"}
                    name={axes.length > 1 ? (chart.measures[measure] ?? "") : ""}
                />
            ))}
            <XAxis chart={chart} drawing={drawing} least={least} most={most} count={names} log={plan.xLog} />
            {plan.xTitle && (
                <text x={(left + right) / 2} y={height - 6} text-anchor="middle" class="chart-text chart-axis-title">
                    {plan.xTitle}
                </text>
            )}
            {yTitle && (
                <text x={-(top + bottom) / 2} y={14} transform="rotate(-90)" text-anchor="middle" class="chart-text chart-axis-title">
                    {yTitle}
                </text>
            )}
            {bars ? (
                <Columns {...lines} parts={shown} wide={labelled ? wide * 0.76 : wide} beside={stack === "none"} />
            ) : (
                <Lines {...lines} parts={shown} shape={shape} stacked={stack !== "none"} />
            )}
        </svg>
    );
}

interface Lined {
    drawing: Drawing;
    chart: Chart;
    series: readonly Series[];
    tones: readonly number[];
    parts: readonly (readonly Part[])[];
}

const tip = (chart: Chart, name: string, part: Part) =>
    `${name && chart.series.length > 1 ? `${name}, ` : ""}${pointLabel(chart, part)}: ${formatCount(part.value)}`;

function Columns({ drawing, chart, series, tones, parts, wide, beside }: Lined & { wide: number; beside: boolean }) {
    const one = beside ? wide / series.length : wide;
    return (
        <>
            {series.map((each, index) => {
                const y = drawing.py[each.measure] as (y: number) => number;
                return (
                    <g key={each.name} fill={tone(tones[index] ?? index, each.name)}>
                        {(parts[index] ?? [])
                            .filter((part) => beside || part.value !== 0)
                            .map((part) => (
                                <rect
                                    key={part.x}
                                    x={drawing.px(part.x) - wide / 2 + (beside ? index * one : 0)}
                                    y={Math.min(y(part.to), y(part.from))}
                                    width={Math.max(1, one - 1)}
                                    height={Math.max(1, Math.abs(y(part.from) - y(part.to)))}
                                    rx={beside ? 1.5 : 0}
                                >
                                    <title>{tip(chart, each.name, part)}</title>
                                </rect>
                            ))}
                    </g>
                );
            })}
        </>
    );
}

function Lines({ drawing, chart, series, tones, parts, shape, stacked }: Lined & { shape: ChartKind; stacked: boolean }) {
    return (
        <>
            {series.map((each, index) => {
                const y = drawing.py[each.measure] as (y: number) => number;
                const list = parts[index] ?? [];
                const colour = tone(tones[index] ?? index, each.name);
                const upper = list.map((part) => `${drawing.px(part.x).toFixed(1)},${y(part.to).toFixed(1)}`);
                const lower = list.map((part) => `${drawing.px(part.x).toFixed(1)},${y(part.from).toFixed(1)}`).reverse();
                const dots = shape === "scatter" || list.length <= DOTS_MAX;
                return (
                    <g key={each.name}>
                        {shape === "area" && list.length > 0 && (
                            <path d={`M${upper.join("L")}L${lower.join("L")}Z`} fill={colour} opacity={stacked ? 0.55 : 0.18} />
                        )}
                        {shape !== "scatter" && list.length > 0 && (
                            <path d={`M${upper.join("L")}`} fill="none" stroke={colour} stroke-width="1.8" stroke-linejoin="round" />
                        )}
                        {dots &&
                            list.map((part, at) => (
                                <circle key={`${at}-${part.x}`} cx={drawing.px(part.x)} cy={y(part.to)} r="2.6" fill={colour}>
                                    <title>{tip(chart, each.name, part)}</title>
                                </circle>
                            ))}
                        {each.marked.map((point) => (
                            <circle key={`anomaly-${point.x}`} class="chart-anomaly" cx={drawing.px(point.x)} cy={y(point.y)} r="6">
                                <title>{`Anomaly: ${tip(chart, each.name, { ...point, from: 0, to: point.y, value: point.y })}`}</title>
                            </circle>
                        ))}
                    </g>
                );
            })}
        </>
    );
}

/** The axis of a measure: the first at the left with lines through the plane, others at the right. */
function YAxis({ drawing, measure, at, share, name }: { drawing: Drawing; measure: number; at: number; share: boolean; name: string }) {
    const y = drawing.py[measure] as (y: number) => number;
    const x = at === 0 ? drawing.left - 8 : drawing.right + (at - 1) * AXIS + 8;
    return (
        <g>
            {(drawing.scales[measure]?.steps ?? []).map((step) => (
                <g key={step}>
                    {at === 0 && <line x1={drawing.left} x2={drawing.right} y1={y(step)} y2={y(step)} class="chart-line" />}
                    <text x={x} y={y(step) + 4} text-anchor={at === 0 ? "end" : "start"} class="chart-text">
                        {number.format(step)}
                        {share ? "%" : ""}
                    </text>
                </g>
            ))}
            {name && (
                <text x={x} y={10} text-anchor={at === 0 ? "end" : "start"} class="chart-text chart-axis-title">
                    {shorten(name, 9)}
                </text>
            )}
        </g>
    );
}

interface XAxisProps {
    chart: Chart;
    drawing: Drawing;
    least: number;
    most: number;
    count: number;
    log: boolean;
}

function XAxis({ chart, drawing, least, most, count, log }: XAxisProps) {
    const marks: { x: number; text: string }[] = [];
    const fitting = Math.max(2, Math.min(10, Math.floor((drawing.right - drawing.left) / MARK)));
    if (chart.axis === "label") {
        const step = Math.max(1, Math.ceil(count / fitting));
        for (let at = 0; at < count; at += step) marks.push({ x: at, text: shorten(chart.labels[at] ?? "") || "(empty)" });
    } else if (chart.axis === "number") {
        const steps = scaleOf(least, most, { min: least, max: most, log }).steps;
        for (const x of steps) if (x >= least && x <= most) marks.push({ x, text: number.format(x) });
    } else {
        const shown = most > least ? Math.min(6, fitting - 1) : 0;
        const far = most - least > 3 * 86_400_000;
        for (let at = 0; at <= shown; at += 1) {
            const x = least + ((most - least) * at) / Math.max(1, shown);
            marks.push({ x, text: far ? formatTime(x, "date") : formatTime(x, "minute").slice(5) });
        }
    }
    return (
        <g>
            {marks.map((mark) => (
                <text
                    key={mark.x}
                    x={drawing.px(mark.x)}
                    y={drawing.bottom + 22}
                    // A text at the edge would be cut in two there.
                    text-anchor={drawing.px(mark.x) > drawing.width - RIGHT - EDGE ? "end" : "middle"}
                    class="chart-text"
                >
                    {mark.text}
                </text>
            ))}
        </g>
    );
}
