// The exploration queries of an entity beside its node: what each would find is counted before it is run.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, isAbort } from "../api/client";
import type { ExplorationRow } from "../api/types";
import { seq } from "../app/live";
import { formatCount } from "../state/time";
import { KindGlyph } from "../ui/parts";
import { Failure, Loading } from "../ui/states";
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
}

/** Results that "all" asks for at the most. */
const ALL_MAX = 500;
const WIDTH = 292;
const HEIGHT = 330;

/** Counts that were asked for already, of the data that they counted. */
let counted = { seq: 0, rows: new Map<string, readonly ExplorationRow[]>() };

function countsNow(): Map<string, readonly ExplorationRow[]> {
    if (counted.seq !== seq.value) counted = { seq: seq.value, rows: new Map() };
    return counted.rows;
}

export function ExploreCard({ of, node, at, size, focused, onClose, onStay }: Props) {
    const id = node.members[0] ?? node.id;
    const known = countsNow();
    const [rows, setRows] = useState<readonly ExplorationRow[] | undefined>(known.get(id));
    const [error, setError] = useState<unknown>();
    const [all, setAll] = useState(false);
    const box = useRef<HTMLDivElement>(null);
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
    useLayoutEffect(() => {
        if (focused) box.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
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
            </div>
            <div class="graph-card-body">
                {error ? <Failure error={error} /> : !rows ? <Loading rows={4} label="Counting results" /> : null}
                {rows && found.length === 0 && <p class="muted small graph-card-note">No query finds anything about this entity.</p>}
                {found.map((row) => (
                    <Row key={row.name} of={of} id={id} row={row} onDone={onClose} />
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

function Row({ of, id, row, onDone }: { of: Investigation; id: string; row: ExplorationRow; onDone: () => void }) {
    const results = row.results ?? 0;
    const run = (limit?: number) => {
        onDone();
        void of.load({ kind: "explore", node: id, query: row.name, ...(limit === undefined ? {} : { limit }) });
    };
    return (
        <div class="graph-query">
            <button type="button" class="menu-item grow" title={row.question} onClick={() => run()}>
                <span class="clip grow">{row.title}</span>
                <span class="graph-count number">{formatCount(results)}</span>
            </button>
            {results > 10 && (
                <button
                    type="button"
                    class="button quiet small"
                    title={`Add up to ${Math.min(results, ALL_MAX)} results`}
                    onClick={() => run(Math.min(results, ALL_MAX))}
                >
                    all
                </button>
            )}
        </div>
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
