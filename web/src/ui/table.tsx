// The table of every list: virtual rows, sortable heads, chosen columns, one current row that the keyboard moves.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import { useKeys } from "./keys";
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
}

const leastWidth = (column: { width: string }) => Number(/(\d+)px/.exec(column.width)?.[1] ?? 100);

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
    const columns = fittingColumns(props.columns, width);
    const least = columns.reduce((sum, column) => sum + leastWidth(column), PADDING);
    const template = columns.map((column) => column.width).join(" ");
    const at = position(count, row, rowKey, current);
    const move = (to: number) => {
        const next = Math.max(0, Math.min(count - 1, to));
        const value = row(next);
        list.current?.scrollTo(next);
        if (value !== undefined) props.onCurrent(value);
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
            { keys: "End", label: "Last row that is loaded", run: () => move(count - 1) },
            { keys: ["Enter", "o"], label: "Open the row", run: open },
        ],
        props.keys ?? true,
    );
    const style = { "--columns": template, "--row-height": `${rowHeight}px`, "--least-width": `${least}px` };
    const head = (
        <div class="table-row table-head" role="row" aria-rowindex={1}>
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
        return (
            <div
                key={key}
                id={isCurrent ? "current-row" : undefined}
                class={`table-row ${isCurrent ? "current" : ""}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={isCurrent}
                onClick={() => props.onCurrent(value)}
                onDblClick={() => props.onOpen(value)}
            >
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
                rowHeight={rowHeight}
                row={line}
                head={head}
                handle={list}
                attributes={{
                    role: "grid",
                    tabIndex: 0,
                    "aria-label": props.label,
                    "aria-rowcount": (props.total ?? count) + 1,
                    "aria-colcount": columns.length,
                    ...(at >= 0 ? { "aria-activedescendant": "current-row" } : {}),
                }}
                {...(props.onRange ? { onRange: props.onRange } : {})}
            />
        </div>
    );
}

/** Where the current row stands; -1 when it is not among the known rows. */
function position<T>(count: number, row: (index: number) => T | undefined, rowKey: (row: T) => string, current: string): number {
    if (!current) return -1;
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
