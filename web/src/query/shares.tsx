// Charts without a plane: bars that lie, pies, trees of areas, spans of time, and single values.
import type { Column } from "../api/types";
import { formatCount, formatSpan, formatTime } from "../state/time";
import { cellText } from "../ui/cell";
import { type Chart, type Part, parted, type Series, scaleOf } from "./chart";
import type { Plan } from "./render";
import { pointLabel, tone } from "./tones";
import { squares } from "./treemap";
import { useWidth } from "./width";

const BARS_MAX = 60;

/** Bars that lie: one line for each name, with the bars of its series beside or behind each other. */
export function Bars({ chart, series, plan }: { chart: Chart; series: readonly Series[]; plan: Plan }) {
    const parts = parted(series, plan.stack);
    const places = [...new Set(parts.flatMap((list) => list.map((part) => part.x)))].sort((a, b) => a - b);
    const shown = places.slice(0, BARS_MAX);
    const ends = parts.flatMap((list) => list.flatMap((part) => [part.from, part.to])).filter((value) => !plan.yLog || value > 0);
    const scale = scaleOf(
        ends.reduce((a, b) => Math.min(a, b), Infinity),
        ends.reduce((a, b) => Math.max(a, b), -Infinity),
        { min: plan.yMin, max: plan.stack === "stacked100" ? 100 : plan.yMax, log: plan.yLog },
    );
    const share = (value: number) => 100 * Math.min(1, Math.max(0, scale.share(value)));
    const at = parts.map((list) => new Map(list.map((part) => [part.x, part])));
    const bar = (part: Part, index: number) => {
        const [from, to] = [share(Math.min(part.from, part.to)), share(Math.max(part.from, part.to))];
        const name = series[index]?.name ?? "";
        return (
            <i
                key={name}
                style={{ left: `${from}%`, width: `${to - from}%`, background: tone(index, name) }}
                title={`${name}: ${formatCount(part.value)}`}
            />
        );
    };
    return (
        <ul class="chart-bars" aria-label={`Bars of ${series.map((one) => one.name).join(", ")} by ${chart.axisName}`}>
            {(plan.xTitle || plan.yTitle) && (
                <li class="chart-text chart-axis-title" aria-hidden="true">
                    <span>{plan.xTitle}</span>
                    <span>{plan.yTitle}</span>
                </li>
            )}
            {shown.map((x) => {
                const own = at.map((list) => list.get(x));
                const point = own.find((part) => part !== undefined) as Part;
                const label = pointLabel(chart, point);
                const lines =
                    plan.stack === "none"
                        ? own.flatMap((part, index) => (part ? [[{ part, index }]] : []))
                        : [own.flatMap((part, index) => (part ? [{ part, index }] : []))];
                return (
                    <li key={x}>
                        <span class="clip" title={label}>
                            {label}
                        </span>
                        <span class="chart-lines">
                            {lines.map((line) => (
                                <span key={line[0]?.index} class="chart-bar">
                                    {line.map(({ part, index }) => bar(part, index))}
                                </span>
                            ))}
                        </span>
                        <span class="chart-lines number">
                            {lines.map((line) => (
                                <span key={line[0]?.index}>{formatCount(line.reduce((sum, { part }) => sum + part.value, 0))}</span>
                            ))}
                        </span>
                    </li>
                );
            })}
            {places.length > shown.length && <li class="faint">{formatCount(places.length - shown.length)} more are not drawn</li>}
        </ul>
    );
}

/** The values of the first measure by name, greatest first. */
function ranked(chart: Chart): { label: string; y: number }[] {
    const sums = new Map<string, number>();
    for (const one of chart.series) {
        if (one.measure !== 0) continue;
        for (const point of one.points) sums.set(pointLabel(chart, point), (sums.get(pointLabel(chart, point)) ?? 0) + point.y);
    }
    return [...sums].map(([label, y]) => ({ label, y })).sort((a, b) => b.y - a.y);
}

const PIE_PARTS_MAX = 9;

export function Pie({ chart, legend }: { chart: Chart; legend: boolean }) {
    const points = ranked(chart).filter((point) => point.y > 0);
    const total = points.reduce((sum, point) => sum + point.y, 0);
    const rest = points.slice(PIE_PARTS_MAX).reduce((sum, point) => sum + point.y, 0);
    const parts = [...points.slice(0, PIE_PARTS_MAX), ...(rest > 0 ? [{ label: "all others", y: rest }] : [])];
    let angle = -Math.PI / 2;
    return (
        <div class="chart-pie">
            <svg viewBox="0 0 200 200" role="img" aria-label={`Shares of ${chart.measures[0] ?? ""} by ${chart.axisName}`}>
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
                            fill={tone(index, part.label)}
                            d={`M${at(a, 92)}A92,92 0 ${large} 1 ${at(b, 92)}L${at(b, 54)}A54,54 0 ${large} 0 ${at(a, 54)}Z`}
                        >
                            <title>{`${part.label}: ${formatCount(part.y)}`}</title>
                        </path>
                    );
                })}
            </svg>
            {legend && (
                <ul class="chart-shares">
                    {parts.map((part, index) => (
                        <li key={part.label}>
                            <i class="dot" style={{ "--tone": tone(index, part.label) }} />
                            <span class="clip grow">{part.label}</span>
                            <span class="number">{formatCount(part.y)}</span>
                            <span class="number faint">{((100 * part.y) / total).toFixed(1)}%</span>
                        </li>
                    ))}
                </ul>
            )}
        </div>
    );
}

/** Areas as large as their values, the names of a series beside each other. */
const TREE_PX = 400;

export function Treemap({ chart }: { chart: Chart }) {
    const [box, width] = useWidth();
    const parts = chart.series
        .filter((one) => one.measure === 0)
        .flatMap((one) =>
            one.points.map((point) => ({
                label: [chart.series.length > 1 ? one.name : "", pointLabel(chart, point)].filter(Boolean).join(", "),
                group: chart.series.length > 1 ? one.name : pointLabel(chart, point),
                y: point.y,
            })),
        )
        .filter((part) => part.y > 0)
        .sort((a, b) => b.y - a.y);
    const groups = [...new Set(parts.map((part) => part.group))];
    const areas = squares(
        parts.map((part) => part.y),
        width,
        TREE_PX,
    );
    return (
        <svg
            ref={box}
            class="chart-plane"
            viewBox={`0 0 ${width} ${TREE_PX}`}
            height={TREE_PX}
            role="img"
            aria-label={`Areas of ${chart.measures[0] ?? ""} by ${chart.axisName}`}
        >
            {parts.map((part, at) => {
                const area = areas[at] ?? { x: 0, y: 0, width: 0, height: 0 };
                const letters = Math.floor((area.width - 12) / 7);
                return (
                    <g key={part.label}>
                        <rect {...area} fill={tone(groups.indexOf(part.group), part.group)} class="chart-area">
                            <title>{`${part.label}: ${formatCount(part.y)}`}</title>
                        </rect>
                        {letters > 3 && area.height > 20 && (
                            <text x={area.x + 7} y={area.y + 17} class="chart-text strong">
                                {part.label.length > letters ? `${part.label.slice(0, letters - 1)}…` : part.label}
                            </text>
                        )}
                        {letters > 3 && area.height > 38 && (
                            <text x={area.x + 7} y={area.y + 33} class="chart-text">
                                {formatCount(part.y)}
                            </text>
                        )}
                    </g>
                );
            })}
        </svg>
    );
}

type Rows = readonly (readonly unknown[])[];

/** The values of the first row, large. */
export function Cards({ columns, rows }: { columns: readonly Column[]; rows: Rows }) {
    const [row] = rows;
    return (
        <dl class="chart-cards">
            {columns.map((column, at) => (
                <div key={column.name}>
                    <dt>{column.name}</dt>
                    <dd>{typeof row?.[at] === "number" ? formatCount(row[at]) : cellText(row?.[at], column.type) || "–"}</dd>
                </div>
            ))}
        </dl>
    );
}

/** Spans of time below each other: the last two times of a row are its begin and end, the rest is its name. */
export function Ladder({ columns, rows }: { columns: readonly Column[]; rows: Rows }) {
    const times = columns.flatMap((column, at) => (column.type === "datetime" ? [at] : [])).slice(-2);
    const [from, to] = times as [number, number];
    const spans = rows
        .slice(0, BARS_MAX)
        .map((row) => ({
            name: columns
                .flatMap((column, at) => (times.includes(at) ? [] : [cellText(row[at], column.type)]))
                .filter(Boolean)
                .join(", "),
            begin: Date.parse(String(row[from] ?? "")),
            end: Date.parse(String(row[to] ?? "")),
        }))
        .filter(({ begin, end }) => Number.isFinite(begin) && Number.isFinite(end));
    const least = Math.min(...spans.map((one) => one.begin));
    const whole = Math.max(1, Math.max(...spans.map((one) => one.end)) - least);
    return (
        <ul class="chart-bars" aria-label="Spans of time">
            {spans.map((one, at) => (
                <li key={`${at} ${one.name}`}>
                    <span class="clip" title={one.name}>
                        {one.name || "(empty)"}
                    </span>
                    <span class="chart-bar" title={`${formatTime(one.begin)} – ${formatTime(one.end)}`}>
                        <i
                            style={{
                                left: `${(100 * (one.begin - least)) / whole}%`,
                                width: `max(3px, ${(100 * (one.end - one.begin)) / whole}%)`,
                                background: tone(at),
                            }}
                        />
                    </span>
                    <span class="number">{formatSpan(one.end - one.begin)}</span>
                </li>
            ))}
        </ul>
    );
}

/** Whether rows have a begin and an end. */
export const hasSpans = (columns: readonly Column[]) => columns.filter((column) => column.type === "datetime").length >= 2;
