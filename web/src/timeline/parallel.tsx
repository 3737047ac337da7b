// The timeline under the graph: hovering and brushing act on the graph, and the graph's pointer shows here.
import { effect } from "@preact/signals";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { address, errorDetail } from "../api/client";
import { useLoad } from "../api/resource";
import type { Rows } from "../graph/rows";
import { setting } from "../graph/state";
import type { Investigation } from "../graph/store";
import { requestText } from "../state/sql";
import { formatCount, formatTime, utcTime } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { asked as asks, type Question, ShowQuery } from "../ui/showquery";
import { askedNodes, type Happenings, happenings, NOTHING, requests } from "./load";
import { focusOf, type Item, type LaneBy, lanesOf, lies, moments, nextMoment } from "./model";
import { Player } from "./play";
import { LanePlot } from "./plot";
import { scaleOf } from "./scale";
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
    const answer = useLoad<Happenings>((signal) => happenings(asked, of.knownAt, signal), key);
    const [kept, setKept] = useState<Happenings>(NOTHING);
    useEffect(() => {
        if (answer.data) setKept(answer.data);
    }, [answer.data]);
    const question: Question = {
        of: "Alerts, changes and events",
        lang: "request",
        text: requests(asked, of.knownAt)
            .map((request) => requestText(address("timeline", request)))
            .join("\n\n"),
    };
    return { data: answer.data ?? kept, loading: answer.loading, error: answer.error, question };
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
    const [open, setOpen] = useState(() => innerWidth > NARROW_PX && innerHeight > LOW_PX);
    const [by, setBy] = useState<LaneBy>("tactic");
    const { data, loading, error, question } = useHappenings(of);
    const window = setting(of.state.value, "window");
    const asOf = setting(of.state.value, "asOf");
    const all = useMemo(() => moments(data.items), [data]);
    const [whole, setWhole] = useState(false);
    const focus = useMemo(() => {
        const scale = scaleOf(data.items, PIXELS);
        return focusOf(data.items, activityOf(of), (from, to) => (scale.x(to) - scale.x(from)) / PIXELS);
    }, [data, of]);
    // What was chosen outside of the activity is shown with everything around it.
    const beyond = (time: number | undefined) => focus !== undefined && time !== undefined && (time < focus.from || time > focus.to);
    const narrow = focus !== undefined && !whole && !beyond(asOf) && !window?.some(beyond);
    const items = useMemo(
        () => (narrow && focus ? data.items.filter((item) => lies(item, focus.from, focus.to)) : data.items),
        [data, narrow, focus],
    );
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
                        {focus && (
                            <button
                                type="button"
                                class="button quiet small"
                                aria-pressed={!narrow}
                                title={
                                    narrow
                                        ? "Show what happened before and after the incident's activity as well"
                                        : "Show just the incident's activity"
                                }
                                onClick={() => setWhole(narrow)}
                            >
                                {narrow ? `${formatCount(focus.outside)} before or after` : "Activity only"}
                            </button>
                        )}
                        <span class="grow" />
                        <span class="small faint clip" {...asks(question)}>
                            {error ? errorDetail(error).message : summary(data, loading)}
                        </span>
                        <ShowQuery {...question} />
                    </>
                )}
            </header>
            {open && <Plot question={question} of={of} items={items} by={by} onRows={onRows} onAsOf={setAsOf} onStep={go} />}
        </section>
    );
}

/** In windows no larger than these the picture needs the room at first. */
const NARROW_PX = 700;
const LOW_PX = 560;

/** Pixels of the plot by which room is judged; the true width matters little. */
const PIXELS = 1_000;

/** When what the graph is about was active, as its incidents say. */
function activityOf(of: Investigation): readonly [number, number] | undefined {
    const { nodes } = of.state.peek();
    const roots = [...of.roots.peek()].flatMap((id) => nodes.get(id) ?? []).filter((node) => node.kind === "incident");
    const times = roots.flatMap((node) => [node.first, node.last].filter((time) => time !== undefined));
    return times.length > 0 ? [Math.min(...times), Math.max(...times)] : undefined;
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
    question: Question;
    of: Investigation;
    items: readonly Item[];
    by: LaneBy;
    onRows: (rows: Rows) => void;
    onAsOf: (time: number | undefined) => void;
    onStep: (forward: boolean) => void;
}

function Plot({ question, of, items, by, onRows, onAsOf, onStep }: PlotProps) {
    const lanes = useMemo(() => lanesOf(items, by, (id) => of.nameOf(id)), [items, by, of]);
    const lit = useCallback(() => {
        const hovered = of.hovered.value;
        const members = new Set(hovered === undefined ? [] : (of.scene.value.byId.get(hovered)?.members ?? []));
        return new Set(items.filter((item) => item.nodes.some((id) => members.has(id))).map((item) => item.key));
    }, [items, of]);
    return (
        <LanePlot
            question={question}
            items={items}
            lanes={lanes}
            lit={lit}
            window={setting(of.state.value, "window")}
            onWindow={(window) =>
                of.act({ type: "set", name: "window", value: window }, window ? "brushed a window" : "cleared the window")
            }
            asOf={setting(of.state.value, "asOf")}
            onAsOf={onAsOf}
            onStep={onStep}
            onHover={(item) => {
                of.lit.value = item && new Set(item.nodes);
            }}
            onChoose={(item) => chooseItem(of, item, onRows)}
        />
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
        text: `${item.source}\n| where _Seq == ${item.raw.seq}`,
        lang: "kql",
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
