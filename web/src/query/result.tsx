// What a query answered: as table, chart or along time; one row in full beside.
import { useMemo, useState } from "preact/hooks";
import { errorDetail } from "../api/client";
import type { Table } from "../api/types";
import { lazy } from "../app/lazy";
import { KeepRow } from "../bookmarks/keep";
import { csvLine, saveFile } from "../state/csv";
import { formatCount } from "../state/time";
import { CellText, cellText } from "../ui/cell";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { useKeys } from "../ui/keys";
import { PRINT_ROWS_MAX, printKey, printRows } from "../ui/paper";
import { Facts, IconButton } from "../ui/parts";
import { Empty } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { copyText, toast } from "../ui/toast";
import { ChartView } from "./chartview";
import { type ChartKind, planOf, type Stack, viewOf } from "./render";

type Cells = readonly unknown[];
type Row = readonly [number, Cells];
export type View = "table" | "chart" | "timeline" | "graph";

const GraphView = lazy(async () => (await import("./graphview")).default);
const TimeView = lazy(async () => (await import("./timeview")).default);

const views: readonly (readonly [View, string])[] = [
    ["table", "Table"],
    ["chart", "Chart"],
    ["timeline", "Timeline"],
    ["graph", "Graph"],
];

interface Props {
    table: Table;
    milliseconds: number;
    onMore: (() => void) | undefined;
    /** Asks for more rows than the screen shows, for the file and for paper. */
    onAll?: (rows: number) => Promise<Table>;
    /** Text of the query. */
    query: string;
}

/** Rows of a file. */
const ROWS_FILE = 1_000_000;

const widths: Record<string, string> = {
    datetime: "172px",
    long: "104px",
    int: "104px",
    real: "104px",
    decimal: "104px",
    bool: "72px",
    dynamic: "260px",
    guid: "290px",
};
const rowsOf = (count: number) => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;
const isNumber = (type: string) => /^(int|long|real|decimal)$/.test(type);

/** Orders two cells: numbers by value, texts by letters, nothing last. */
export function compareCells(a: unknown, b: unknown): number {
    if (a === b) return 0;
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    if (typeof a === "number" && typeof b === "number") return a - b;
    return cellText(a, "").localeCompare(cellText(b, ""));
}

export function Result({ table, milliseconds, onMore, onAll, query }: Props) {
    const plan = useMemo(() => planOf(table.render), [table]);
    const [view, setView] = useState<View>(viewOf(table.render) ?? (plan.kind ? "chart" : "table"));
    const [kind, setKind] = useState<ChartKind>(plan.kind ?? "column");
    const [stack, setStack] = useState<Stack>(plan.stack);
    const [sort, setSort] = useState("");
    const [current, setCurrent] = useState("");
    const empty = useMemo(() => emptyColumns(table), [table]);
    const [lean, setLean] = useState(false);
    const rows = useMemo(() => sorted(table, sort), [table, sort]);
    const open = rows.find(([index]) => String(index) === current);
    /** What the screen leaves out, file and paper still have. */
    const upTo = async (most: number) => (table.complete || table.rows.length >= most || !onAll ? table : await onAll(most));
    const listed = view === "table" || view === "timeline";
    const print = async () => {
        // A chart or a graph is printed as it is seen.
        if (!listed) return window.print();
        try {
            const whole = await upTo(PRINT_ROWS_MAX);
            const none = emptyColumns(whole);
            const shown = gridColumns(whole).filter((_, at) => !none.has(at));
            const blank =
                (at: number) =>
                ([, cells]: Row) =>
                    cells[at] === null || cells[at] === "";
            printRows(
                shown.map((column) => ({ ...column, blank: blank(Number(column.id)) })),
                sorted(whole, sort),
                whole.complete,
                query,
            );
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
    };
    useKeys("Result", [printKey(() => void print())], view === "timeline");
    const save = async () => {
        try {
            const whole = await upTo(ROWS_FILE);
            saveFile("query.csv", "text/csv;charset=utf-8", [
                csvLine(whole.columns.map((column) => column.name)),
                ...whole.rows.map((row) => csvLine(row)),
            ]);
            toast(`${rowsOf(whole.rows.length)} saved${whole.complete ? "" : `, cut by ${whole.cut ?? "a limit"}`}`);
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
    };
    return (
        <div class="result">
            <div class="result-head">
                <div class="segments" role="group" aria-label="View of the result">
                    {views.map(([id, label]) => (
                        <button key={id} type="button" aria-pressed={view === id} onClick={() => setView(id)}>
                            {label}
                        </button>
                    ))}
                </div>
                {view === "chart" && <ChartChoice kind={kind} onKind={setKind} />}
                {view === "chart" && ["column", "bar", "area"].includes(kind) && <StackChoice stack={stack} onStack={setStack} />}
                <span class="muted number" role="status">
                    {rowsOf(table.rows.length)}
                    <span class="faint">
                        {" "}
                        in {milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`}
                    </span>
                </span>
                {view === "table" && empty.size > 0 && (
                    <button type="button" class="button quiet" onClick={() => setLean(!lean)}>
                        <Icon name="columns" />
                        {lean ? "Show" : "Hide"} {formatCount(empty.size)} empty
                    </button>
                )}
                {!table.complete && (
                    <span class="notice">
                        Cut by {table.cut ?? "a limit"}
                        {onMore && (
                            <button type="button" class="button small" onClick={onMore}>
                                Ask for more
                            </button>
                        )}
                    </span>
                )}
                <span class="grow" />
                <button type="button" class="button quiet" onClick={() => void print()}>
                    <Icon name="print" />
                    Print
                </button>
                <button
                    type="button"
                    class="button quiet"
                    onClick={() => void copyText(JSON.stringify(asObjects(table), null, 2), "The rows")}
                >
                    <Icon name="copy" />
                    JSON
                </button>
                <button type="button" class="button quiet" onClick={() => void save()}>
                    <Icon name="download" />
                    CSV
                </button>
            </div>
            <div class="result-body">
                {table.rows.length === 0 ? (
                    <Empty title="No row fits" />
                ) : view === "table" ? (
                    <DataTable<Row>
                        label="Rows"
                        columns={gridColumns(table).filter((_, at) => !lean || !empty.has(at))}
                        count={rows.length}
                        row={(index) => rows[index]}
                        rowKey={([index]) => String(index)}
                        current={current}
                        onCurrent={([index]) => setCurrent(String(index))}
                        onOpen={([index]) => setCurrent(String(index))}
                        rowHeight={28}
                        sort={sort}
                        onSort={setSort}
                        print={() => void print()}
                    />
                ) : view === "chart" ? (
                    <ChartView columns={table.columns} rows={table.rows} kind={kind} plan={{ ...plan, stack }} />
                ) : view === "graph" ? (
                    <GraphView table={table} />
                ) : (
                    <TimeView table={table} onRow={(index) => setCurrent(String(index))} />
                )}
                {listed && open && <RowPane table={table} cells={open[1]} query={query} onClose={() => setCurrent("")} />}
            </div>
        </div>
    );
}

function sorted(table: Table, sort: string): Row[] {
    const rows = table.rows.map((cells, index): Row => [index, cells]);
    const at = Number(sort.replace(/^-/, ""));
    if (sort === "" || !table.columns[at]) return rows;
    const turn = sort.startsWith("-") ? -1 : 1;
    return rows.sort((a, b) => turn * compareCells(a[1][at], b[1][at]) || a[0] - b[0]);
}

/** Columns in which no row has anything: wide tables have many of them. Where all are empty, none is in the way. */
export function emptyColumns({ columns, rows }: Pick<Table, "columns" | "rows">): ReadonlySet<number> {
    const empty = columns.flatMap((_, at) => (rows.every((cells) => cells[at] === null || cells[at] === "") ? [at] : []));
    return new Set(rows.length === 0 || empty.length === columns.length ? [] : empty);
}

const asObjects = (table: Table) => table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column.name, row[at]])));

function gridColumns(table: Table): Column<Row>[] {
    const last = table.columns.length - 1;
    return table.columns.map((column, at) => {
        const least = widths[column.type] ?? "210px";
        return {
            id: String(at),
            label: column.name,
            width: at === last ? `minmax(${least}, 1fr)` : least,
            sort: String(at),
            descending: false,
            fixed: true,
            right: isNumber(column.type),
            cell: ([, cells]: Row) => <CellText value={cells[at]} type={column.type} />,
        };
    });
}

function ChartChoice({ kind, onKind }: { kind: ChartKind; onKind: (kind: ChartKind) => void }) {
    return (
        <select class="field" aria-label="Kind of chart" value={kind} onChange={(event) => onKind(event.currentTarget.value as ChartKind)}>
            <option value="column">Columns</option>
            <option value="bar">Bars</option>
            <option value="line">Line</option>
            <option value="area">Area</option>
            <option value="scatter">Points</option>
            <option value="pie">Pie</option>
            <option value="treemap">Areas</option>
            <option value="ladder">Spans of time</option>
            <option value="card">Values</option>
        </select>
    );
}

function StackChoice({ stack, onStack }: { stack: Stack; onStack: (stack: Stack) => void }) {
    return (
        <select class="field" aria-label="How series stand" value={stack} onChange={(event) => onStack(event.currentTarget.value as Stack)}>
            <option value="none">Beside each other</option>
            <option value="stacked">Stacked</option>
            <option value="stacked100">Stacked to 100%</option>
        </select>
    );
}

const NAMING = /(title|name|activity|operation|message|description)$/i;

/** What a row may be called: its most telling text. */
function nameOf(table: Table, cells: Cells): string {
    const texts = table.columns.flatMap((column, at) =>
        typeof cells[at] === "string" && cells[at] && column.type === "string" ? [{ column, text: String(cells[at]) }] : [],
    );
    return (texts.find(({ column }) => NAMING.test(column.name)) ?? texts[0])?.text.slice(0, 120) ?? "A row";
}

function RowPane({ table, cells, query, onClose }: { table: Table; cells: Cells; query: string; onClose: () => void }) {
    const record = Object.fromEntries(table.columns.map((column, at) => [column.name, cells[at]]));
    return (
        <aside class="preview row-pane" aria-label="Row">
            <div class="preview-head">
                <h2 class="grow">Row</h2>
                <KeepRow small evidence={{ name: nameOf(table, cells), row: record, query }} />
                <IconButton
                    icon="copy"
                    label="Copy the row as JSON"
                    onClick={() => void copyText(JSON.stringify(record, null, 2), "The row")}
                />
                <IconButton icon="close" label="Close the row" onClick={onClose} />
            </div>
            <Facts
                of={table.columns.map((column, at) => {
                    const value = cells[at];
                    return [
                        column.name,
                        value && typeof value === "object" ? <Json key={at} value={value} /> : cellText(value, column.type),
                    ];
                })}
            />
        </aside>
    );
}

/** What a text holds, if it is a JSON object or list; sources put these into texts. */
export function readJson(value: unknown): object | undefined {
    if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
    try {
        const inner: unknown = JSON.parse(value);
        return inner && typeof inner === "object" ? inner : undefined;
    } catch {
        return undefined;
    }
}
