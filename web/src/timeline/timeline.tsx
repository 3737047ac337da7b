// The timeline of an incident: every alert, change and event in the order of time, page by page in both directions.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, ask, type Params } from "../api/client";
import { useAsk } from "../api/resource";
import type { Bucket, TimelineItem } from "../api/types";
import { type Evidence, KeepRow } from "../bookmarks/keep";
import { SeveritySign } from "../graph/legend";
import { useRenewed } from "../list/pages";
import { nodeHref, past, place, setParams } from "../router/router";
import { type Field, listParams, readFilter } from "../state/filters";
import { Pages } from "../state/pages";
import { holds } from "../state/prefs";
import { requestText } from "../state/sql";
import { formatCount, formatSpan } from "../state/time";
import { Popover } from "../ui/dialog";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { useKeys } from "../ui/keys";
import { severities, tactics } from "../ui/kinds";
import { printKey } from "../ui/paper";
import { Facts, IconButton, KindGlyph, Severity, Time, Words } from "../ui/parts";
import { Counted } from "../ui/showquery";
import { Empty, Failure, Loading } from "../ui/states";
import { type VirtualHandle, VirtualList } from "../ui/virtual";
import { exportTimeline, printTimeline } from "./export";
import { Histogram } from "./histogram";
import "./timeline.css";

const ROW_PX = 32;
/** On a phone the message has a line of its own. */
const TWO_LINES_PX = 56;
const phone = holds("(max-width: 700px)");
const PAGE_ITEMS = 200;
const BUCKETS = 110;
const UNDATED_SHOWN = 100;

const FIELDS: readonly Field[] = [
    { id: "kind", label: "Kind", kind: "values", values: ["alert", "event", "incident", "status", "automation"] },
    { id: "table", label: "Table", kind: "values" },
    { id: "severity", label: "Severity", kind: "values", values: [...severities] },
    { id: "tactic", label: "Tactic", kind: "values", values: [...tactics] },
    { id: "from", label: "From", kind: "time", single: true, hint: "2026-01-31T08:00Z or -7d" },
    { id: "to", label: "To", kind: "time", single: true, hint: "2026-01-31T08:00Z or -1h" },
];

interface About {
    readonly counts: Readonly<Record<string, number>>;
    readonly buckets: readonly Bucket[];
    readonly undated: readonly TimelineItem[];
    readonly first?: string | null;
    readonly last?: string | null;
}

/** The timeline of some nodes (`incident:5`), in the incident's Timeline tab. */
export function Timeline({ of }: { of: readonly string[] }) {
    const tables = useAsk("tables", {});
    const names = tables.data?.value.map((table) => table.name) ?? [];
    const fields = FIELDS.map((field) => (field.id === "table" ? { ...field, values: names } : field));
    const values = place.value.params;
    const filter = readFilter(fields, values);
    const order = values.get("order") === "newest" ? "newest" : "oldest";
    const params = {
        ...listParams(fields, filter),
        of: [...of],
        order,
        ...(past.value ? { as_of: past.value } : {}),
    } as Params<"timeline">;
    const key = JSON.stringify(params);
    const [about, setAbout] = useState<About>();
    const pages = useMemo(() => {
        const asked = JSON.parse(key) as Params<"timeline">;
        return new Pages<TimelineItem>(async (cursor, signal) => {
            const first = cursor === null;
            const more = first ? { buckets: BUCKETS } : { cursor };
            const answer = await ask("timeline", { ...asked, ...more, limit: PAGE_ITEMS }, { signal });
            if (first) setAbout(answer);
            const total = Object.values(answer.counts).reduce((sum, count) => sum + count, 0);
            return { rows: answer.value, cursor: answer.cursor, total };
        });
    }, [key]);
    useEffect(() => {
        setAbout(undefined);
        pages.want(0, 1);
        return () => pages.close();
    }, [pages]);
    useRenewed(pages);
    void pages.version.value;
    const [chosen, setChosen] = useState<TimelineItem>();
    const error = pages.error.value;
    const print = () => void printTimeline(params);
    useKeys("Timeline", [printKey(print)]);
    return (
        <section class="timeline" aria-label="Timeline">
            <div class="timeline-bar">
                <FilterBar fields={fields} filter={filter} facets={[]} />
                <span class="grow" />
                {about && (
                    <Counted
                        count={summary(about)}
                        of="Items of the timeline"
                        lang="request"
                        text={requestText(address("timeline", params))}
                    />
                )}
                <button
                    type="button"
                    class="button quiet small"
                    onClick={() => setParams({ order: order === "oldest" ? "newest" : null }, { replace: true })}
                    title="Turn the order round"
                >
                    <Icon name={order === "oldest" ? "down" : "up"} />
                    {order === "oldest" ? "Oldest first" : "Newest first"}
                </button>
                <Export
                    params={params}
                    print={print}
                    name={`timeline-${of
                        .join("-")
                        .replaceAll(/[^\w.-]+/g, "-")
                        .slice(0, 60)}`}
                />
            </div>
            {about && about.buckets.length > 1 && <Histogram buckets={about.buckets} onWindow={(from, to) => setParams({ from, to })} />}
            {!about && !error && <div class="timeline-histogram" />}
            <div class={`timeline-middle ${chosen ? "with-detail" : ""}`}>
                <div class="timeline-list">
                    {about && about.undated.length > 0 && <Undated items={about.undated} onChoose={setChosen} />}
                    {error ? (
                        <Failure error={error} retry={() => pages.retry()} />
                    ) : pages.untouched ? (
                        <Loading rows={8} label="Loading the timeline" />
                    ) : pages.count === 0 ? (
                        <Empty title="Nothing happened here">No dated item fits. Remove a filter to see more.</Empty>
                    ) : (
                        <Items key={key} pages={pages} about={about} chosen={chosen} onChoose={setChosen} />
                    )}
                </div>
                {chosen && <Detail item={chosen} of={of} onClose={() => setChosen(undefined)} />}
            </div>
        </section>
    );
}

function summary(about: About): string {
    return ["alert", "event", "incident", "status", "automation"]
        .flatMap((kind) => {
            const count = about.counts[kind] ?? 0;
            const name = kind === "status" ? "change" : kind === "automation" ? "run" : kind;
            return count > 0 ? `${formatCount(count)} ${name}${count === 1 ? "" : "s"}` : [];
        })
        .join(" · ");
}

const files = [
    ["csv", "CSV"],
    ["jsonl", "JSON lines"],
    ["md", "Markdown"],
] as const;

function Export({ params, name, print }: { params: Params<"timeline">; name: string; print: () => void }) {
    return (
        <Popover label={<Icon name="download" />} name="Export" class="button quiet icon small" right>
            {(close) => (
                <>
                    {files.map(([format, label]) => (
                        <button
                            key={format}
                            type="button"
                            class="menu-item"
                            onClick={() => {
                                close();
                                void exportTimeline(params, format, name);
                            }}
                        >
                            {label}
                        </button>
                    ))}
                    <button
                        type="button"
                        class="menu-item"
                        onClick={() => {
                            close();
                            print();
                        }}
                    >
                        Print
                    </button>
                </>
            )}
        </Popover>
    );
}

function Undated({ items, onChoose }: { items: readonly TimelineItem[]; onChoose: (item: TimelineItem) => void }) {
    return (
        <details class="timeline-undated">
            <summary>{formatCount(items.length)} without a time</summary>
            <ul>
                {items.slice(0, UNDATED_SHOWN).map((item) => (
                    <li key={keyOf(item)}>
                        <button type="button" class="menu-item" onClick={() => onChoose(item)}>
                            <span class="clip grow">{item.message}</span>
                            <span class="faint small">{item.source}</span>
                        </button>
                    </li>
                ))}
            </ul>
        </details>
    );
}

interface ItemsProps {
    pages: Pages<TimelineItem>;
    about: About | undefined;
    chosen: TimelineItem | undefined;
    onChoose: (item: TimelineItem) => void;
}

function Items({ pages, about, chosen, onChoose }: ItemsProps) {
    // The list itself follows what was loaded: its other properties do not change by that.
    void pages.version.value;
    const handle = useRef<VirtualHandle>(null);
    const [at, setAt] = useState(0);
    const move = (to: number) => {
        const row = Math.max(0, Math.min(pages.count - 1, to));
        setAt(row);
        handle.current?.scrollTo(row);
        const item = pages.row(row);
        if (item && chosen) onChoose(item);
    };
    useKeys("Timeline", [
        { keys: ["j", "ArrowDown"], label: "Next item", run: () => move(at + 1) },
        { keys: ["k", "ArrowUp"], label: "Item before", run: () => move(at - 1) },
        {
            keys: "Enter",
            label: "Open the item",
            run: () => {
                const item = pages.row(at);
                if (item) onChoose(item);
            },
        },
    ]);
    const [from, to] = [Date.parse(about?.first ?? ""), Date.parse(about?.last ?? "")];
    return (
        <div class="timeline-rows" role="list" aria-label="Items in order of time">
            <VirtualList
                count={Math.max(pages.count, pages.total ?? 0)}
                rowHeight={phone.value ? TWO_LINES_PX : ROW_PX}
                handle={handle}
                onRange={(first, last) => pages.want(first, last)}
                row={(index) => {
                    const item = pages.row(index);
                    if (!item) return <div key={index} class="timeline-row waiting" role="listitem" />;
                    return (
                        <div
                            key={index}
                            role="listitem"
                            class={`timeline-row ${index === at ? "at" : ""} ${item === chosen ? "chosen" : ""}`}
                        >
                            <button
                                type="button"
                                onClick={() => {
                                    setAt(index);
                                    onChoose(item);
                                }}
                            >
                                <span class="timeline-time">
                                    <Time at={item.time ?? null} />
                                </span>
                                <Span item={item} from={from} to={to} />
                                {item.kind === "alert" || item.kind === "incident" ? (
                                    <SeveritySign name={item.severity ?? "Unknown"} />
                                ) : (
                                    <i class={`timeline-mark ${item.kind}`} />
                                )}
                                <span class="clip grow">
                                    <span class="hidden-visually">{item.severity ?? item.kind}: </span>
                                    {item.message}
                                </span>
                                {item.tactics.length > 0 && <Words of={item.tactics} most={1} />}
                                <span class="faint small clip timeline-source">{item.source}</span>
                            </button>
                        </div>
                    );
                }}
            />
        </div>
    );
}

/** Where an item lies in the whole, as a bar as long as it lasted. */
const MARK_PERCENT = 3;

function Span({ item, from, to }: { item: TimelineItem; from: number; to: number }) {
    const time = Date.parse(item.time ?? "");
    const end = item.end ? Date.parse(item.end) : time;
    const whole = Math.max(1, to - from);
    // The last moment still has its mark: it ends with the track.
    const left = Math.max(0, Math.min(100 - MARK_PERCENT, ((time - from) / whole) * 100));
    const width = Math.max(0, Math.min(100 - left, ((end - time) / whole) * 100));
    const title = end > time ? `lasted ${formatSpan(end - time)}` : undefined;
    return (
        <span class={`timeline-span tone-${(item.severity ?? "unknown").toLowerCase()}`} aria-hidden="true" title={title}>
            <i style={{ left: `${left}%`, width: `${width}%` }} />
        </span>
    );
}

function Detail({ item, of, onClose }: { item: TimelineItem; of: readonly string[]; onClose: () => void }) {
    const cells = Object.entries((item.row ?? {}) as Record<string, unknown>);
    const simple = cells.filter(([, value]) => typeof value !== "object" || value === null);
    const nested = Object.fromEntries(cells.filter(([, value]) => typeof value === "object" && value !== null));
    return (
        <aside class="timeline-detail" aria-label="Item">
            <header>
                <KindGlyph kind={item.kind === "event" ? "other" : item.kind} />
                <strong class="grow">{item.message}</strong>
                {item.row && <KeepRow small evidence={evidenceOf(item, of)} />}
                <IconButton icon="close" label="Close the item" small onClick={onClose} />
            </header>
            <Facts
                of={[
                    ["Time", <Time key="time" at={item.time ?? null} />],
                    ["End", item.end ? <Time key="end" at={item.end} /> : ""],
                    ["Kind", item.kind],
                    ["Source", item.source],
                    ["Severity", item.severity ? <Severity key="severity" name={item.severity} /> : ""],
                    ["Tactics", item.tactics.length > 0 ? <Words key="tactics" of={item.tactics} most={6} /> : ""],
                    ["Document", String(item.seq)],
                ]}
            />
            {item.node && (
                <a class="button small" href={nodeHref(item.node)}>
                    <Icon name="external" />
                    Open {item.kind === "alert" ? "the alert" : "the incident"}
                </a>
            )}
            {simple.length > 0 && <h3>Columns</h3>}
            <Facts of={simple.map(([name, value]) => [name, String(value)] as const)} />
            {Object.keys(nested).length > 0 && <Json value={nested} />}
        </aside>
    );
}

/** An event as evidence for the incident whose timeline it stands in. */
function evidenceOf(item: TimelineItem, of: readonly string[]): Evidence {
    const incident = of.find((one) => one.startsWith("incident:"))?.slice("incident:".length);
    const query = `${item.source}\n| where _Seq == ${item.seq}`;
    return { name: item.message.slice(0, 120), row: { ...item.row, _Seq: item.seq }, query, ...(incident ? { incident } : {}) };
}

function keyOf(item: TimelineItem): string {
    return `${item.kind} ${item.seq} ${item.node ?? ""} ${item.message}`;
}
