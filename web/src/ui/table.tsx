// The table of every list: virtual rows, sortable heads, chosen columns, one current row that the keyboard moves.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { zone } from "../state/prefs";
import { Icon } from "./icons";
import { useKeys } from "./keys";
import { printKey, printRows } from "./paper";
import { type VirtualHandle, VirtualList } from "./virtual";

export interface Column<T> {
    id: string;
    label: string;
    /** A track of the grid: `90px`, `minmax(200px, 1fr)`. */
    width: string;
    cell: (row: T) => ComponentChildren;
    /** Name of the order that a click on the head asks for. */
    sort?: string;
    /** Whether the first click gives the greatest first. */
    descending?: boolean;
    right?: boolean;
    /** Whether it is always shown. */
    fixed?: boolean;
    /** Where the table is too narrow for all columns, those of the least weight go first. */
    weight?: number;
    /** Whether it holds times, which need more room where UTC stands beside them. */
    time?: boolean;
}

interface Props<T> {
    label: string;
    columns: readonly Column<T>[];
    count: number;
    row: (index: number) => T | undefined;
    rowKey: (row: T) => string;
    /** Key of the current row. */
    current: string;
    onCurrent: (row: T) => void;
    onOpen: (row: T) => void;
    onRange?: (from: number, to: number) => void;
    /** The order in force: a name, with `-` in front when turned. */
    sort?: string;
    onSort?: (sort: string) => void;
    rowHeight?: number;
    /** Rows that match, where more exist than are known yet. */
    total?: number | undefined;
    keys?: boolean;
    /** The rows in memory, where not all are: the current one is looked for among them, and whoever has them all prints them. */
    known?: () => Iterable<readonly [number, T]>;
    /** Prints the list, where that is more than printing its rows. */
    print?: () => void;
    /** Rows that are ticked, where a list lets one tick rows. */
    ticks?: Ticks;
    /** Whether columns that do not fit are kept, to be scrolled to. */
    wide?: boolean;
    /** Told which columns there is no room for, whenever they change. */
    onLeft?: (ids: readonly string[]) => void;
}

/** Which rows are ticked, by key, and what ticks them. */
export interface Ticks {
    has: (key: string) => boolean;
    /** How many of the rows that match are ticked. */
    state: "none" | "some" | "all";
    set: (keys: readonly string[], on: boolean) => void;
    /** Ticks every row that matches, loaded or not; or none. */
    setAll: (on: boolean) => void;
}

const leastWidth = (column: { width: string }) => Number(/(\d+)px/.exec(column.width)?.[1] ?? 100);

/** Room for UTC beside a local time, with its day where that is another one. */
const UTC_PX = 80;

/** The columns as wide as the times in them need. */
export function roomForTimes<T>(columns: readonly Column<T>[], both: boolean): readonly Column<T>[] {
    if (!both) return columns;
    const wider = (width: string) => width.replace(/^(\d+)px$/, (_, pixels) => `${Number(pixels) + UTC_PX}px`);
    return columns.map((column) => (column.time ? { ...column, width: wider(column.width) } : column));
}

/** The columns that fit into `width`, in their order. */
export function fittingColumns<T>(columns: readonly Column<T>[], width: number): readonly Column<T>[] {
    const kept = new Set(columns);
    let wanted = columns.reduce((sum, column) => sum + leastWidth(column), PADDING);
    const loose = columns.filter((column) => !column.fixed).sort((a, b) => (a.weight ?? 0) - (b.weight ?? 0));
    for (const column of loose) {
        if (wanted <= width) break;
        kept.delete(column);
        wanted -= leastWidth(column);
    }
    return columns.filter((column) => kept.has(column));
}

/** Left and right of a row. */
const PADDING = 24;
const TICK_PX = 30;

export function DataTable<T>(props: Props<T>) {
    const { count, row, rowKey, current, rowHeight = 34 } = props;
    const list = useRef<VirtualHandle>(null);
    const box = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(Number.POSITIVE_INFINITY);
    useLayoutEffect(() => {
        if (!box.current) return;
        const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
        observer.observe(box.current);
        return () => observer.disconnect();
    }, []);
    const { ticks, onLeft } = props;
    const given = roomForTimes(props.columns, zone.value === "local");
    const columns = props.wide ? given : fittingColumns(given, width - (ticks ? TICK_PX : 0));
    const left = given
        .filter((column) => !columns.includes(column))
        .map((column) => column.id)
        .join(" ");
    useEffect(() => onLeft?.(left === "" ? [] : left.split(" ")), [left, onLeft]);
    const least = columns.reduce((sum, column) => sum + leastWidth(column), PADDING + (ticks ? TICK_PX : 0));
    const template = [...(ticks ? [`${TICK_PX}px`] : []), ...columns.map((column) => column.width)].join(" ");
    const place = useRef(-1);
    const at = position(props, place.current);
    place.current = at;
    /** A row that was asked for before it was loaded: it becomes the current one as soon as it is there. */
    const awaited = useRef(-1);
    useEffect(() => {
        const value = awaited.current >= 0 ? row(awaited.current) : undefined;
        if (value === undefined) return;
        awaited.current = -1;
        props.onCurrent(value);
    });
    /** The row that was ticked last: with Shift all between are ticked. */
    const anchor = useRef(-1);
    const tick = (index: number, on: boolean, wide = false) => {
        const from = wide && anchor.current >= 0 ? anchor.current : index;
        anchor.current = index;
        const keys: string[] = [];
        for (let place = Math.min(from, index); place <= Math.max(from, index); place += 1) {
            const value = row(place);
            if (value !== undefined) keys.push(rowKey(value));
        }
        ticks?.set(keys, on);
    };
    const tickCurrent = () => {
        if (at >= 0) tick(at, !ticks?.has(current));
    };
    const tickOn = (step: number) => {
        if (at >= 0) tick(at, true);
        const next = Math.max(0, Math.min(count - 1, at + step));
        move(next);
        tick(next, true);
    };
    const move = (to: number) => {
        const next = Math.max(0, Math.min(count - 1, to));
        const value = row(next);
        list.current?.scrollTo(next);
        awaited.current = value === undefined ? next : -1;
        if (value !== undefined) props.onCurrent(value);
    };
    const print = () => {
        const all = Array.from({ length: count }, (_, index) => row(index)).filter((value) => value !== undefined);
        printRows(props.columns, all, true);
    };
    const open = () => {
        const value = at >= 0 ? row(at) : undefined;
        if (value !== undefined) props.onOpen(value);
    };
    useKeys(
        props.label,
        [
            { keys: ["j", "ArrowDown"], label: "Next row", run: () => move(at + 1) },
            { keys: ["k", "ArrowUp"], label: "Row before", run: () => move(at < 0 ? 0 : at - 1) },
            { keys: "PageDown", label: "A screen down", run: () => move(at + 15) },
            { keys: "PageUp", label: "A screen up", run: () => move(at - 15) },
            { keys: "Home", label: "First row", run: () => move(0) },
            { keys: "End", label: "Last row", run: () => move(count - 1) },
            { keys: ["Enter", "o"], label: "Open the row", run: open },
            ...(props.known ? [] : [printKey(props.print ?? print)]),
            ...(ticks
                ? [
                      { keys: "x", label: "Tick the row", run: tickCurrent },
                      { keys: "Shift+ArrowDown", label: "Tick downwards", run: () => tickOn(1) },
                      { keys: "Shift+ArrowUp", label: "Tick upwards", run: () => tickOn(-1) },
                      { keys: "Ctrl+A", label: "Tick all that fit", run: () => ticks.setAll(true) },
                  ]
                : []),
        ],
        props.keys ?? true,
    );
    const style = { "--columns": template, "--row-height": `${rowHeight}px`, "--least-width": `${least}px` };
    const head = (
        <div class="table-row table-head" role="row" aria-rowindex={1}>
            {ticks && (
                <div class="table-cell tick" role="columnheader">
                    <TickBox
                        label={ticks.state === "all" ? "Tick none" : "Tick all that fit"}
                        on={ticks.state === "all"}
                        partly={ticks.state === "some"}
                        onTick={(on) => ticks.setAll(on)}
                    />
                </div>
            )}
            {columns.map((column) => (
                <Head key={column.id} column={column} sort={props.sort ?? ""} onSort={props.onSort} />
            ))}
        </div>
    );
    const line = (index: number) => {
        const value = row(index);
        if (value === undefined) {
            return (
                <div key={`wait-${index}`} class="table-row waiting" role="row" aria-rowindex={index + 2}>
                    {ticks && <div class="table-cell" role="gridcell" />}
                    {columns.map((column) => (
                        <div key={column.id} class="table-cell" role="gridcell">
                            <i class="skeleton" />
                        </div>
                    ))}
                </div>
            );
        }
        const key = rowKey(value);
        const isCurrent = key === current;
        const ticked = ticks?.has(key) ?? false;
        return (
            <div
                key={key}
                id={isCurrent ? "current-row" : undefined}
                class={`table-row ${isCurrent ? "current" : ""} ${ticked ? "ticked" : ""}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={ticks ? ticked : isCurrent}
                onClick={() => props.onCurrent(value)}
                onDblClick={() => props.onOpen(value)}
            >
                {ticks && (
                    <div class="table-cell tick" role="gridcell" onDblClick={(event) => event.stopPropagation()}>
                        <TickBox label={`Tick row ${index + 1}`} on={ticked} onTick={(on, wide) => tick(index, on, wide)} />
                    </div>
                )}
                {columns.map((column) => (
                    <div key={column.id} class={`table-cell ${column.right ? "right" : ""}`} role="gridcell">
                        {column.cell(value)}
                    </div>
                ))}
            </div>
        );
    };
    return (
        <div class="table" ref={box} style={style}>
            <VirtualList
                count={count}
                total={props.total}
                rowHeight={rowHeight}
                row={line}
                head={head}
                handle={list}
                attributes={{
                    role: "grid",
                    tabIndex: 0,
                    "aria-label": props.label,
                    "aria-rowcount": (props.total ?? count) + 1,
                    "aria-colcount": columns.length + (ticks ? 1 : 0),
                    ...(ticks ? { "aria-multiselectable": true } : {}),
                    ...(at >= 0 ? { "aria-activedescendant": "current-row" } : {}),
                }}
                {...(props.onRange ? { onRange: props.onRange } : {})}
            />
        </div>
    );
}

function TickBox({
    label,
    on,
    partly = false,
    onTick,
}: {
    label: string;
    on: boolean;
    partly?: boolean;
    onTick: (on: boolean, wide: boolean) => void;
}) {
    const shift = useRef(false);
    return (
        <label class="tick-box" onClick={(event) => event.stopPropagation()}>
            <input
                type="checkbox"
                tabIndex={-1}
                aria-label={label}
                checked={on}
                indeterminate={partly}
                onClick={(event) => {
                    event.stopPropagation();
                    shift.current = event.shiftKey;
                }}
                onChange={(event) => onTick(event.currentTarget.checked, shift.current)}
            />
        </label>
    );
}

/** Where the current row stands; -1 when it is not among the known rows. Mostly it is where it was. */
function position<T>({ count, row, rowKey, current, known }: Props<T>, before: number): number {
    if (!current) return -1;
    const same = before >= 0 && before < count ? row(before) : undefined;
    if (same !== undefined && rowKey(same) === current) return before;
    if (known) {
        for (const [index, value] of known()) if (rowKey(value) === current) return index;
        return -1;
    }
    for (let index = 0; index < count; index += 1) {
        const value = row(index);
        if (value !== undefined && rowKey(value) === current) return index;
    }
    return -1;
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort: string; onSort: ((sort: string) => void) | undefined }) {
    const name = column.sort;
    const turned = sort.startsWith("-");
    const active = name !== undefined && sort.replace(/^-/, "") === name;
    if (!name || !onSort) {
        return (
            <div class={`table-cell ${column.right ? "right" : ""}`} role="columnheader">
                <span class="clip">{column.label}</span>
            </div>
        );
    }
    // The API's own order of a column is the useful one: newest, gravest or most first, texts from A.
    const falling = (column.descending ?? true) !== turned;
    return (
        <div
            class={`table-cell ${column.right ? "right" : ""}`}
            role="columnheader"
            aria-sort={active ? (falling ? "descending" : "ascending") : "none"}
        >
            <button type="button" class="table-sort" onClick={() => onSort(active && !turned ? `-${name}` : name)}>
                <span class="clip">{column.label}</span>
                {active && <Icon name={falling ? "down" : "up"} />}
            </button>
        </div>
    );
}
