// The timeline under the graph: hovering and brushing act on the graph, and the graph's pointer shows here.
import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { errorDetail } from "../api/client";
import { useLoad } from "../api/resource";
import { themeOfElement } from "../graph/draw/theme";
import type { Rows } from "../graph/rows";
import { setting } from "../graph/state";
import type { Investigation } from "../graph/store";
import { activeTheme } from "../state/prefs";
import { formatCount, formatTime, timeZone, utcTime } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { AXIS_PX, drawHead, drawLanes, GUTTER, HISTOGRAM_PX, itemAt, LANE_PX, plotWidth } from "./lanes";
import { askedNodes, type Happenings, happenings, NOTHING } from "./load";
import { type Item, type LaneBy, lanesOf, moments, nextMoment } from "./model";
import { Player } from "./play";
import { type Tick, timeScale } from "./scale";
import "./timeline.css";

interface Props {
    of: Investigation;
    onRows: (rows: Rows) => void;
}

const BY: readonly (readonly [LaneBy, string])[] = [
    ["tactic", "Tactic"],
    ["entity", "Entity"],
    ["table", "Table"],
];

/** Alerts that are asked about by name at the most: an address holds only so many. */
const RECORDS_ASKED_MAX = 120;

/** Names that a change of the graph settles on before it is asked about. */
function useHappenings(of: Investigation) {
    const [asked, setAsked] = useState(() => questions(of));
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const stop = effect(() => {
            void of.state.value.nodes;
            clearTimeout(timer);
            timer = setTimeout(() => setAsked(questions(of)), 300);
        });
        return () => {
            clearTimeout(timer);
            stop();
        };
    }, [of]);
    const key = [...asked.of, "", ...asked.records].join("\n");
    const answer = useLoad<Happenings>((signal) => happenings(asked.of, asked.records, asked.unasked, asked.span, signal), key);
    const [kept, setKept] = useState<Happenings>(NOTHING);
    useEffect(() => {
        if (answer.data) setKept(answer.data);
    }, [answer.data]);
    return { data: answer.data ?? kept, loading: answer.loading, error: answer.error };
}

function questions(of: Investigation) {
    const state = of.state.peek();
    const roots = [...of.roots.peek()];
    const nodes = [...state.nodes.values()];
    const { of: names, unasked } = askedNodes(nodes, roots);
    // Alerts that a question brought in from outside belong to the story as well.
    const records = [...roots, ...nodes.filter((node) => node.kind === "alert" && !node.inside).map((node) => node.id)].slice(
        0,
        RECORDS_ASKED_MAX,
    );
    const times = nodes.flatMap((node) => [node.first, node.last].filter((time) => time !== undefined));
    const span = times.length > 0 ? ([Math.min(...times), Math.max(...times)] as const) : undefined;
    return { of: names, records, unasked, span };
}

export function ParallelTimeline({ of, onRows }: Props) {
    const [open, setOpen] = useState(true);
    const [by, setBy] = useState<LaneBy>("tactic");
    const { data, loading, error } = useHappenings(of);
    const window = setting(of.state.value, "window");
    const asOf = setting(of.state.value, "asOf");
    const all = useMemo(() => moments(data.items), [data]);
    const setAsOf = (time: number | undefined) => {
        of.act({ type: "set", name: "asOf", value: time }, time === undefined ? "showed all of time" : `as of ${formatTime(time)}`, "asOf");
    };
    const go = (forward: boolean) => {
        const next = nextMoment(all, asOf, forward);
        if (next !== undefined || forward) setAsOf(next);
    };
    useKeys("Parallel timeline", [
        { keys: "[", label: "One step back in time", run: () => go(false) },
        { keys: "]", label: "One step on in time", run: () => go(true) },
    ]);
    return (
        <section class={`parallel ${open ? "" : "closed"}`} aria-label="Parallel timeline">
            <header class="parallel-bar">
                <button type="button" class="button quiet small" aria-expanded={open} onClick={() => setOpen(!open)}>
                    <Icon name={open ? "down" : "right"} />
                    Timeline
                </button>
                {open && (
                    <>
                        <div class="graph-switch" role="group" aria-label="Lanes by">
                            {BY.map(([id, label]) => (
                                <button
                                    key={id}
                                    type="button"
                                    class="button quiet small"
                                    aria-pressed={by === id}
                                    onClick={() => setBy(id)}
                                >
                                    {label}
                                </button>
                            ))}
                        </div>
                        <Player moments={all} at={asOf} onAt={setAsOf} />
                        <span class="small number parallel-now" title={asOf === undefined ? "" : utcTime(asOf)}>
                            {asOf === undefined ? "all of time" : `as of ${formatTime(asOf)}`}
                        </span>
                        {asOf !== undefined && (
                            <button type="button" class="button quiet small" onClick={() => setAsOf(undefined)}>
                                All
                            </button>
                        )}
                        {window && (
                            <span class="tag accent number">
                                {formatTime(window[0], "minute")} – {formatTime(window[1], "minute")}
                                <button
                                    type="button"
                                    class="button quiet icon small"
                                    aria-label="Clear the window"
                                    onClick={() => of.act({ type: "set", name: "window", value: undefined }, "cleared the window")}
                                >
                                    <Icon name="close" />
                                </button>
                            </span>
                        )}
                        <span class="grow" />
                        <span class="small faint clip">{error ? errorDetail(error).message : summary(data, loading)}</span>
                    </>
                )}
            </header>
            {open && <Plot of={of} items={data.items} by={by} onRows={onRows} onAsOf={setAsOf} />}
        </section>
    );
}

function summary(data: Happenings, loading: boolean): string {
    if (loading && data === NOTHING) return "Reading what happened";
    const records = data.items.length - data.events.shown;
    const parts = [`${formatCount(records)} alerts and changes`];
    parts.push(
        data.events.shown < data.events.total
            ? `${formatCount(data.events.shown)} of ${formatCount(data.events.total)} events${data.cut ? ` (${formatTime(data.cut[0], "minute")} – ${formatTime(data.cut[1], "minute")})` : ""}`
            : `${formatCount(data.events.total)} events`,
    );
    if (data.undated > 0) parts.push(`${formatCount(data.undated)} undated`);
    if (data.unasked > 0) parts.push(`${formatCount(data.unasked)} entities not asked about`);
    return parts.join(" · ");
}

interface PlotProps {
    of: Investigation;
    items: readonly Item[];
    by: LaneBy;
    onRows: (rows: Rows) => void;
    onAsOf: (time: number | undefined) => void;
}

const SLIDER = 1_000;
const BRUSH_PX = 5;

function Plot({ of, items, by, onRows, onAsOf }: PlotProps) {
    const box = useRef<HTMLDivElement>(null);
    const head = useRef<HTMLCanvasElement>(null);
    const body = useRef<HTMLCanvasElement>(null);
    const [width, setWidth] = useState(0);
    const [hover, setHover] = useState<{ item: Item; x: number; y: number }>();
    const [brush, setBrush] = useState<readonly [number, number]>();
    const drag = useRef<number | undefined>(undefined);
    const window = setting(of.state.value, "window");
    const asOf = setting(of.state.value, "asOf");
    const lanes = useMemo(() => lanesOf(items, by, (id) => of.nameOf(id)), [items, by, of]);
    const [first, last] = [items[0]?.time ?? 0, items.reduce((most, item) => Math.max(most, item.end ?? item.time), 0)];
    const scale = useMemo(() => {
        // The end of what lasts is a moment too: a gap inside an interval is not quiet.
        const times = items.flatMap((item) => (item.end === undefined ? [item.time] : [item.time, item.end])).sort((a, b) => a - b);
        return timeScale(times, first, Math.max(last, first + 1_000), plotWidth(width));
    }, [items, first, last, width]);
    useEffect(() => {
        const element = box.current;
        if (!element) return;
        const observer = new ResizeObserver(() => setWidth(element.clientWidth));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    useEffect(
        () =>
            effect(() => {
                void activeTheme.value;
                void timeZone();
                const hovered = of.hovered.value;
                const members = new Set(hovered === undefined ? [] : (of.scene.value.byId.get(hovered)?.members ?? []));
                const lit = new Set(items.filter((item) => item.nodes.some((id) => members.has(id))).map((item) => item.key));
                if (hover) lit.add(hover.item.key);
                const marks = { lit, window: brush ?? window, asOf };
                queueMicrotask(() => {
                    if (!head.current || !body.current || width === 0) return;
                    const theme = themeOfElement(head.current);
                    drawHead(prepare(head.current, width, HISTOGRAM_PX + AXIS_PX), width, items, scale, marks, theme, tickText);
                    drawLanes(prepare(body.current, width, Math.max(1, lanes.length * LANE_PX)), width, lanes, scale, marks, theme);
                });
            }),
        [of, items, lanes, scale, width, hover, brush, window, asOf],
    );
    const at = (event: { currentTarget: EventTarget; clientX: number; clientY: number }) => {
        const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
        return { x: event.clientX - left, y: event.clientY - top };
    };
    const down = (event: PointerEvent) => {
        if (event.button !== 0) return;
        drag.current = at(event as never).x;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
        if (drag.current === undefined) return;
        const x = at(event as never).x;
        if (Math.abs(x - drag.current) < BRUSH_PX) return;
        const [a, b] = [drag.current, x].sort((one, other) => one - other) as [number, number];
        setBrush([Math.round(scale.time(a - GUTTER)), Math.round(scale.time(b - GUTTER))]);
    };
    const up = () => {
        if (drag.current === undefined) return;
        drag.current = undefined;
        if (brush) of.act({ type: "set", name: "window", value: brush }, "brushed a window");
        else if (window) of.act({ type: "set", name: "window", value: undefined }, "cleared the window");
        setBrush(undefined);
    };
    const over = (event: PointerEvent) => {
        const { x, y } = at(event as never);
        const item = itemAt(lanes, scale, x, y);
        if (item?.key === hover?.item.key) return;
        setHover(item && { item, x, y });
        of.lit.value = item && new Set(item.nodes);
    };
    const leave = () => {
        setHover(undefined);
        of.lit.value = undefined;
    };
    const choose = () => hover && chooseItem(of, hover.item, onRows);
    const value = asOf === undefined ? SLIDER : Math.round((scale.x(asOf) / scale.width) * SLIDER);
    return (
        <div class="parallel-plot" ref={box}>
            <canvas ref={head} class="parallel-head" aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={up} />
            <input
                type="range"
                class="parallel-slider"
                style={{ marginLeft: `${GUTTER - 7}px`, width: `${plotWidth(width) + 14}px` }}
                min={0}
                max={SLIDER}
                value={value}
                aria-label="As of"
                aria-valuetext={asOf === undefined ? "all of time" : formatTime(asOf)}
                onInput={(event) => {
                    const next = Number(event.currentTarget.value);
                    onAsOf(next >= SLIDER ? undefined : Math.round(scale.time((next / SLIDER) * scale.width)));
                }}
            />
            <div class="parallel-lanes">
                <canvas ref={body} aria-hidden="true" onPointerMove={over} onPointerLeave={leave} onClick={choose} />
                {hover && <Tip item={hover.item} x={hover.x} y={hover.y} width={width} />}
            </div>
        </div>
    );
}

function Tip({ item, x, y, width }: { item: Item; x: number; y: number; width: number }) {
    const side = x > width / 2 ? { right: `${width - x + 14}px` } : { left: `${x + 14}px` };
    return (
        <div class="parallel-tip small" style={{ top: `${y + 6}px`, ...side }}>
            <span class="number">
                {formatTime(item.time)}
                {item.end !== undefined && ` – ${formatTime(item.end)}`}
            </span>
            <strong>{item.message}</strong>
            <span class="faint">{[item.kind, item.source, item.severity].filter(Boolean).join(" · ")}</span>
        </div>
    );
}

/** A record is selected in the graph, a raw event opens as a row. */
export function chooseItem(of: Investigation, item: Item, onRows: (rows: Rows) => void): void {
    const place = item.node === undefined ? undefined : of.scene.peek().place.get(item.node);
    if (place !== undefined) {
        of.select(place);
        return;
    }
    const cells = Object.entries(item.raw.row ?? {});
    onRows({
        title: `${item.source}: ${item.message}`,
        text: "",
        table: {
            columns: [
                { name: "Column", type: "string" },
                { name: "Value", type: "string" },
            ],
            rows: cells.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
            complete: true,
        },
    });
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("the browser gives no 2D canvas");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
}

function tickText({ time, grain, first }: Tick): string {
    if (grain === "second") return formatTime(time, "clock");
    const full = formatTime(time, "minute");
    if (grain === "minute" || grain === "hour") return first ? full.slice(5) : full.slice(11);
    if (grain === "day") return full.slice(0, 10);
    return grain === "month" ? full.slice(0, 7) : full.slice(0, 4);
}
