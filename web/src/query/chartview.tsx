// A result as a chart: title, shape, legend, and what could not be drawn in words. The table beside it is its readable form.
import type { Column } from "../api/types";
import { formatCount } from "../state/time";
import { Empty } from "../ui/states";
import { type Chart, readChart, SERIES_MAX, type Series } from "./chart";
import { NAMES_MAX, Plane } from "./plane";
import type { ChartKind, Plan } from "./render";
import { Bars, Cards, hasSpans, Ladder, Pie, Treemap } from "./shares";
import { tone } from "./tones";

type Rows = readonly (readonly unknown[])[];

interface Props {
    columns: readonly Column[];
    rows: Rows;
    kind: ChartKind;
    plan: Plan;
}

export function ChartView({ columns, rows, kind, plan }: Props) {
    if (kind === "card" || (kind === "ladder" && hasSpans(columns))) {
        return (
            <figure class="chart">
                <Title plan={plan} />
                {kind === "card" ? <Cards columns={columns} rows={rows} /> : <Ladder columns={columns} rows={rows} />}
            </figure>
        );
    }
    const chart = readChart(columns, rows, plan, kind);
    if (!chart || chart.series.length === 0 || kind === "ladder") {
        return (
            <Empty title="No chart can be made of this">
                {kind === "ladder"
                    ? "Spans need two columns of times: their begin and their end."
                    : "A chart needs a column of numbers and a time, text or number to set them against."}
            </Empty>
        );
    }
    return (
        <figure class="chart">
            <Title plan={plan} />
            <Shape chart={chart} kind={kind} plan={plan} />
            <Notes chart={chart} kind={kind} />
        </figure>
    );
}

const Title = ({ plan }: { plan: Plan }) => (plan.title ? <figcaption class="chart-title">{plan.title}</figcaption> : null);

function Shape({ chart, kind, plan }: { chart: Chart; kind: ChartKind; plan: Plan }) {
    const series = chart.series.slice(0, SERIES_MAX);
    const tones = series.map((_, index) => index);
    if (kind === "pie") return <Pie chart={chart} legend={plan.legend} />;
    if (kind === "treemap") return <Treemap chart={chart} />;
    const panels = plan.split === "panels" && chart.measures.length > 1 && kind !== "bar";
    return (
        <>
            {kind === "bar" ? (
                <Bars chart={chart} series={series} plan={plan} />
            ) : panels ? (
                chart.measures.map((name, measure) => {
                    const own = tones.filter((at) => series[at]?.measure === measure);
                    if (own.length === 0) return null;
                    return (
                        <Plane
                            key={name}
                            chart={chart}
                            series={own.map((at) => series[at] as Series)}
                            tones={own}
                            shape={kind}
                            plan={plan}
                            height={220}
                            yTitle={name}
                        />
                    );
                })
            ) : (
                <Plane chart={chart} series={series} tones={tones} shape={kind} plan={plan} />
            )}
            {plan.legend && chart.series.length > 1 && <Legend of={series} more={chart.series.length - series.length} />}
        </>
    );
}

function Legend({ of, more }: { of: readonly Series[]; more: number }) {
    return (
        <ul class="legend">
            {of.map((one, index) => (
                <li key={one.name}>
                    <i class="dot" style={{ "--tone": tone(index, one.name) }} />
                    {one.name || "(empty)"}
                </li>
            ))}
            {more > 0 && <li class="faint">{formatCount(more)} more series are not drawn</li>}
        </ul>
    );
}

function Notes({ chart, kind }: { chart: Chart; kind: ChartKind }) {
    const cut = chart.labels.length - NAMES_MAX;
    const notes = [
        ...chart.notes,
        ...(chart.passed > 0 ? [`${formatCount(chart.passed)} values are missing and not drawn`] : []),
        ...(cut > 0 && kind !== "pie" && kind !== "bar" && kind !== "treemap" ? [`${formatCount(cut)} more names are not drawn`] : []),
    ];
    return notes.length > 0 ? <p class="faint small">{notes.join(" · ")}</p> : null;
}
