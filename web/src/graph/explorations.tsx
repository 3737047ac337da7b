// The exploration queries of an entity beside its node: what each would bring into the graph is known before it is run.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, isAbort } from "../api/client";
import type { ExplorationRow } from "../api/types";
import { seq } from "../app/live";
import { relationsOf } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { KindGlyph } from "../ui/parts";
import { ShowQuery } from "../ui/showquery";
import { Failure, Loading } from "../ui/states";
import { exploreText } from "./loads";
import { ALL_MAX, counted, foreseeable, joining, type Preview, Previews, preview } from "./previews";
import type { Rows } from "./rows";
import type { SceneNode } from "./scene";
import type { Point } from "./state";
import type { Investigation } from "./store";

interface Props {
    of: Investigation;
    node: SceneNode;
    at: Point;
    size: { width: number; height: number };
    /** Opened by key: the first query takes the focus. */
    focused: boolean;
    onClose: () => void;
    onStay: () => void;
    onRows: (rows: Rows) => void;
}

const WIDTH = 384;
const HEIGHT = 330;

/** Counts that were asked for already, of the data that they counted. */
let counts = { seq: 0, rows: new Map<string, readonly ExplorationRow[]>() };
const previews = new Previews();

function countsNow(): Map<string, readonly ExplorationRow[]> {
    if (counts.seq !== seq.value) counts = { seq: seq.value, rows: new Map() };
    return counts.rows;
}

/** The queries of an entity with their counts, and what each would bring. */
function useExplorations(of: Investigation, id: string) {
    const known = countsNow();
    const [rows, setRows] = useState<readonly ExplorationRow[] | undefined>(known.get(id));
    const [error, setError] = useState<unknown>();
    const [, setTold] = useState(0);
    useEffect(() => {
        setRows(known.get(id));
        setError(undefined);
        if (known.has(id)) return;
        const controller = new AbortController();
        ask("explorations", { entity: id, counts: true }, { signal: controller.signal }).then(
            (answer) => {
                known.set(id, answer.value);
                setRows(answer.value);
            },
            (reason) => !isAbort(reason) && setError(reason),
        );
        return () => controller.abort();
    }, [id, known]);
    useEffect(() => {
        if (!rows) return;
        const controller = new AbortController();
        const kept = previews.at(counts.seq);
        const missing = rows.filter((row) => !kept.get(id, row.name));
        const tell = (query: string, one: Preview) => {
            kept.set(id, query, one);
            if (!controller.signal.aborted) setTold((before) => before + 1);
        };
        preview(id, missing, (call) => of.foresee(call, controller.signal), tell).catch((reason) => !isAbort(reason) && setError(reason));
        return () => controller.abort();
    }, [rows, id, of]);
    return { rows, error, told: () => setTold((before) => before + 1) };
}

export function ExploreCard({ of, node, at, size, focused, onClose, onStay, onRows }: Props) {
    const id = node.members[0] ?? node.id;
    const { rows, error, told } = useExplorations(of, id);
    const [all, setAll] = useState(false);
    const box = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        if (focused) box.current?.querySelector<HTMLElement>(".graph-card-body button:not(:disabled)")?.focus();
    }, [focused, rows]);
    const left = at.x + 30 + WIDTH < size.width ? at.x + 30 : Math.max(8, at.x - 30 - WIDTH);
    const top = Math.max(8, Math.min(at.y - 40, size.height - HEIGHT - 8));
    const found = rows?.filter((row) => (row.results ?? 0) > 0) ?? [];
    const empty = rows?.filter((row) => !((row.results ?? 0) > 0)) ?? [];
    return (
        <div
            class="graph-card"
            role="dialog"
            aria-label={`Exploration queries of ${node.label}`}
            ref={box}
            style={{ left: `${left}px`, top: `${top}px`, width: `${WIDTH}px`, maxHeight: `${HEIGHT}px` }}
            onPointerEnter={onStay}
            onPointerLeave={() => !focused && onClose()}
            onKeyDown={(event) => keys(event, box.current, onClose)}
        >
            <div class="graph-card-head">
                <KindGlyph kind={node.kind} />
                <span class="clip grow">{node.label}</span>
                <span class="faint small">{formatCount(node.degree)} links</span>
                <ShowQuery of={`links of ${node.label}`} text={relationsOf(id)} />
            </div>
            <div class="graph-card-body">
                {error ? <Failure error={error} /> : !rows ? <Loading rows={4} label="Counting results" /> : null}
                {rows && found.length === 0 && <p class="muted small graph-card-note">No query finds anything about this entity.</p>}
                {found.map((row) => (
                    <Row
                        key={row.name}
                        of={of}
                        id={id}
                        row={row}
                        known={previews.get(id, row.name)}
                        onTold={told}
                        onDone={onClose}
                        onRows={onRows}
                    />
                ))}
                {empty.length > 0 && (
                    <button type="button" class="menu-item faint" aria-expanded={all} onClick={() => setAll(!all)}>
                        {all ? "Hide" : "Show"} {empty.length} without results
                    </button>
                )}
                {all &&
                    empty.map((row) => (
                        <div key={row.name} class="graph-query none" title={row.problem ?? row.question}>
                            <span class="clip grow">{row.title}</span>
                            <span class="number faint">{row.problem ? "failed" : "0"}</span>
                        </div>
                    ))}
            </div>
        </div>
    );
}

interface RowProps {
    of: Investigation;
    id: string;
    row: ExplorationRow;
    /** What it would bring, as far as that was asked. */
    known: Preview | undefined;
    onTold: () => void;
    onDone: () => void;
    onRows: (rows: Rows) => void;
}

function Row({ of, id, row, known, onTold, onDone, onRows }: RowProps) {
    const results = row.results ?? 0;
    const many = `${formatCount(results)}${row.results_complete === false ? "+" : ""}`;
    const join = (whole: boolean) => {
        onDone();
        const call = { kind: "explore", node: id, query: row.name, ...(whole ? { limit: ALL_MAX } : {}) } as const;
        const found = whole ? known?.all : known?.first;
        void of.load(call, false, found && counted(found, results, whole));
    };
    const foresee = useForesight(of, id, row, onTold);
    const events = () => onRows({ title: row.title, text: exploreText(row.name, id), lang: "kql" });
    return (
        <div class="graph-query">
            <button type="button" class="menu-item grow" title={row.question} onClick={() => join(false)}>
                <span class="clip grow">{row.title}</span>
                <Joins of={of} found={known?.first} />
            </button>
            {known?.first.more && (
                <button
                    type="button"
                    class="button quiet small"
                    title={`Add what all ${many} results bring`}
                    aria-label={`Add what all ${many} results of ${row.title} bring`}
                    onClick={() => join(true)}
                    {...foresee}
                >
                    all {known.all && <Joins of={of} found={known.all} />}
                </button>
            )}
            <button
                type="button"
                class="button quiet small graph-events"
                title={`Events: the query and its ${many} rows, without adding them`}
                onClick={events}
            >
                <Icon name="query" />
                <span class="hidden-visually">Events of {row.title}: </span>
                {many}
            </button>
        </div>
    );
}

/** Asks what all results would bring while the pointer or the focus rests on that choice; whoever leaves it wants no answer. */
function useForesight(of: Investigation, id: string, row: ExplorationRow, onTold: () => void) {
    const under = useRef<{ timer: ReturnType<typeof setTimeout>; controller: AbortController } | undefined>(undefined);
    const end = () => {
        clearTimeout(under.current?.timer);
        under.current?.controller.abort();
        under.current = undefined;
    };
    const begin = () => {
        if (under.current || !foreseeable(row, previews.get(id, row.name))) return;
        const controller = new AbortController();
        const ask = async () => {
            try {
                const all = await of.foresee(
                    { kind: "explore", node: id, query: row.name, limit: row.results ?? ALL_MAX },
                    controller.signal,
                );
                const known = previews.get(id, row.name);
                if (!known || controller.signal.aborted) return;
                previews.set(id, row.name, { ...known, all });
                onTold();
            } catch {
                // What cannot be foreseen can still be asked for.
            }
        };
        under.current = { controller, timer: setTimeout(() => void ask(), REST_MS) };
    };
    useEffect(() => end, []);
    return { onPointerEnter: begin, onFocus: begin, onPointerLeave: end, onBlur: end };
}

const REST_MS = 150;

/** How much of an answer is new to the graph. */
function Joins({ of, found }: { of: Investigation; found: Preview["first"] | undefined }) {
    if (!found) return <span class="graph-count number">…</span>;
    const { nodes, edges } = joining(found, of.state.value);
    if (nodes === 0 && edges === 0) return <span class="graph-count number none">in the graph</span>;
    return (
        <span class="graph-count number" title={`${formatCount(nodes)} new nodes and ${formatCount(edges)} new links join the graph`}>
            {nodes > 0 ? `+${formatCount(nodes)}` : `${formatCount(edges)} links`}
        </span>
    );
}

function keys(event: KeyboardEvent, box: HTMLElement | null, close: () => void): void {
    if (event.key === "Escape") close();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = [...(box?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (step !== 0) buttons[(at + step + buttons.length) % buttons.length]?.focus();
}
