// Lanes over one axis of time: a histogram that can be brushed, a slider for an instant, marks that can be hovered and chosen.
import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { themeOfElement } from "../graph/draw/theme";
import { colours } from "../state/prefs";
import { formatTime, timeZone } from "../state/time";
import { asked, type Question } from "../ui/showquery";
import { AXIS_PX, drawHead, drawLanes, GUTTER, HISTOGRAM_PX, itemAt, LANE_PX, plotWidth } from "./lanes";
import type { Item, Lane } from "./model";
import { scaleOf, type Tick } from "./scale";
import "./timeline.css";

interface Props {
    /** What was asked to count the items of the lanes. */
    question?: Question;
    items: readonly Item[];
    lanes: readonly Lane[];
    /** Keys of items to be lit; read anew whenever a signal in it changes. */
    lit?: () => ReadonlySet<string>;
    window: readonly [number, number] | undefined;
    onWindow: (window: readonly [number, number] | undefined) => void;
    /** The instant that the slider shows; without `onAsOf` there is no slider. */
    asOf?: number | undefined;
    onAsOf?: (time: number | undefined) => void;
    /** An arrow key on the slider: to the moment before or behind. */
    onStep?: (forward: boolean) => void;
    onHover?: (item: Item | undefined) => void;
    onChoose: (item: Item) => void;
}

const SLIDER = 1_000;
const BRUSH_PX = 5;
const NONE: ReadonlySet<string> = new Set();

export function LanePlot({ question, items, lanes, lit, window, onWindow, asOf, onAsOf, onStep, onHover, onChoose }: Props) {
    const box = useRef<HTMLDivElement>(null);
    const head = useRef<HTMLCanvasElement>(null);
    const body = useRef<HTMLCanvasElement>(null);
    const [width, setWidth] = useState(0);
    const [hover, setHover] = useState<{ item: Item; x: number; y: number }>();
    const [brush, setBrush] = useState<readonly [number, number]>();
    const drag = useRef<number | undefined>(undefined);
    const scale = useMemo(() => scaleOf(items, plotWidth(width)), [items, width]);
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
                void colours.value;
                void timeZone();
                const keys = new Set(lit?.() ?? NONE);
                if (hover) keys.add(hover.item.key);
                const marks = { lit: keys, window: brush ?? window, asOf };
                queueMicrotask(() => {
                    if (!head.current || !body.current || width === 0) return;
                    const theme = themeOfElement(head.current);
                    drawHead(prepare(head.current, width, HISTOGRAM_PX + AXIS_PX), width, items, scale, marks, theme, tickText);
                    drawLanes(prepare(body.current, width, Math.max(1, lanes.length * LANE_PX)), width, lanes, scale, marks, theme);
                });
            }),
        [lit, items, lanes, scale, width, hover, brush, window, asOf],
    );
    const at = (event: { currentTarget: EventTarget; clientX: number; clientY: number }) => {
        const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
        return { x: event.clientX - left, y: event.clientY - top };
    };
    const down = (event: PointerEvent) => {
        if (event.button !== 0 || items.length === 0) return;
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
        if (brush) onWindow(brush);
        else if (window) onWindow(undefined);
        setBrush(undefined);
    };
    const over = (event: PointerEvent) => {
        const { x, y } = at(event as never);
        const item = itemAt(lanes, scale, x, y);
        if (item?.key === hover?.item.key) return;
        setHover(item && { item, x: event.clientX, y: event.clientY });
        onHover?.(item);
    };
    const leave = () => {
        setHover(undefined);
        onHover?.(undefined);
    };
    const value = asOf === undefined ? SLIDER : Math.round((scale.x(asOf) / scale.width) * SLIDER);
    return (
        <div class="parallel-plot" ref={box}>
            <canvas ref={head} class="parallel-head" aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={up} />
            {onAsOf && (
                <input
                    type="range"
                    class="parallel-slider"
                    style={{ marginLeft: `${GUTTER - 7}px`, width: `${plotWidth(width) + 14}px` }}
                    min={0}
                    max={SLIDER}
                    value={value}
                    aria-label="As of"
                    aria-valuetext={asOf === undefined ? "all of time" : formatTime(asOf)}
                    onKeyDown={(event) => {
                        const forward = event.key === "ArrowRight" || event.key === "ArrowUp";
                        if (!onStep || !(forward || event.key === "ArrowLeft" || event.key === "ArrowDown")) return;
                        event.preventDefault();
                        event.stopPropagation();
                        onStep(forward);
                    }}
                    onInput={(event) => {
                        const next = Number(event.currentTarget.value);
                        const time = Math.round(scale.time((next / SLIDER) * scale.width));
                        // Behind the last item nothing is left out: that is all of time.
                        onAsOf(next >= SLIDER || time >= (items.at(-1)?.time ?? 0) ? undefined : Math.max(time, items[0]?.time ?? time));
                    }}
                />
            )}
            <div class="parallel-lanes" {...(question ? asked(question) : {})}>
                <canvas
                    ref={body}
                    aria-hidden="true"
                    onPointerMove={over}
                    onPointerLeave={leave}
                    onClick={() => hover && onChoose(hover.item)}
                />
                {hover && <Tip item={hover.item} x={hover.x} y={hover.y} />}
            </div>
        </div>
    );
}

/** What an item says, beside the pointer (in the window's pixels) where the window has most room. */
function Tip({ item, x, y }: { item: Item; x: number; y: number }) {
    const side = x > innerWidth / 2 ? { right: `${innerWidth - x + 14}px` } : { left: `${x + 14}px` };
    const end = y > innerHeight / 2 ? { bottom: `${innerHeight - y + 8}px` } : { top: `${y + 8}px` };
    return (
        <div class="parallel-tip small" style={{ ...end, ...side }}>
            <span class="number">
                {formatTime(item.time)}
                {item.end !== undefined && ` – ${formatTime(item.end)}`}
            </span>
            <strong>{item.message}</strong>
            <span class="faint">{[item.kind, item.source, item.severity].filter(Boolean).join(" · ")}</span>
        </div>
    );
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
