// Lists on paper. On the screen only the rows in sight are in the document; what is printed is read first and laid out as a plain table.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { underWay } from "../api/client";
import { title } from "../router/title";
import type { PageAnswer } from "../state/pages";
import { formatCount, formatTime, zoneName } from "../state/time";
import { readPages } from "../state/whole";
import type { KeyBinding } from "./keys";

/** Rows that one print-out takes at the most: about a hundred sheets. A CSV has no such limit. */
export const PRINT_ROWS_MAX = 5_000;
/** How long what cells ask for by themselves may hold the print-out up. */
const CELLS_WAIT_MS = 20_000;
const LOOK_MS = 60;
/** More columns do not fit side by side: each row is a list of names and values then. */
const COLUMNS_MAX = 12;
/** A word that would make its column too wide for paper: it may break anywhere. */
const LONG = /\S{24}/;

/** A column on paper: every `Column` of a table is one. */
export interface PaperColumn<T> {
    label: string;
    right?: boolean;
    cell: (row: T) => ComponentChildren;
    /** Whether a row has nothing here: where columns are too many to stand side by side, it is left out. */
    blank?: (row: T) => boolean;
}

interface Sheet {
    readonly columns: readonly PaperColumn<unknown>[];
    readonly rows: readonly unknown[];
    /** How much of the list that is. */
    readonly extent: string;
    /** What was asked, where the screen's name does not say it. */
    readonly question: string;
}

/** What is being printed. */
const sheet = signal<Sheet | undefined>(undefined);

/** How much of a list is printed: `all` says whether nothing was left out. */
export function extentOf(rows: number, total: number | undefined, all: boolean): string {
    if (all) return `${formatCount(rows)} ${rows === 1 ? "row" : "rows"}`;
    const of = total === undefined || total <= rows ? "" : ` of ${formatCount(total)}`;
    return `The first ${formatCount(rows)}${of} rows; the CSV of this list has all of them`;
}

/** Prints rows that are at hand; with `all` they are the whole list. */
export function printRows<T>(
    columns: readonly PaperColumn<T>[],
    given: readonly T[],
    all: boolean,
    question = "",
    total = given.length,
): void {
    const rows = given.slice(0, PRINT_ROWS_MAX);
    sheet.value = {
        columns: columns as readonly PaperColumn<unknown>[],
        rows,
        extent: extentOf(rows.length, total, all && rows.length === given.length),
        question,
    };
}

/** Reads a list, up to what one print-out takes, and prints it. */
export async function printList<T>(
    columns: readonly PaperColumn<T>[],
    load: (cursor: string | null, signal: AbortSignal) => Promise<PageAnswer<T>>,
): Promise<void> {
    const rows: T[] = [];
    let last: PageAnswer<T> | undefined;
    const take = (page: PageAnswer<T>) => {
        last = page;
        rows.push(...page.rows);
        if (rows.length < PRINT_ROWS_MAX) return `Print: ${formatCount(rows.length)} of ${formatCount(page.total)} rows read`;
        return undefined;
    };
    if (await readPages(load, take, "Nothing was printed")) printRows(columns, rows, !last?.cursor, "", last?.total);
}

/** The key of printing: the browser's own, which would print just the rows in sight. */
export const printKey = (run: () => void): KeyBinding => ({ keys: "Ctrl+P", label: "Print the whole list", run, inFields: true });

/** The print-out: on paper it stands in place of the screen, on the screen it is not seen. */
export function Paper() {
    const page = sheet.value;
    const box = useRef<HTMLElement>(null);
    useEffect(() => {
        if (!page) return;
        const end = performance.now() + CELLS_WAIT_MS;
        // Some cells ask for what rows do not say: they are waited for.
        let timer = setTimeout(function look() {
            if (underWay() > 0 && performance.now() < end) timer = setTimeout(look, LOOK_MS);
            else {
                for (const cell of box.current?.querySelectorAll("td") ?? [])
                    cell.classList.toggle("long", LONG.test(cell.textContent ?? ""));
                window.print();
            }
        }, LOOK_MS);
        const done = () => {
            sheet.value = undefined;
        };
        window.addEventListener("afterprint", done);
        return () => {
            clearTimeout(timer);
            window.removeEventListener("afterprint", done);
        };
    }, [page]);
    if (!page) return null;
    return (
        <section class="paper" aria-label="Print-out" ref={box}>
            <h1>{title.value}</h1>
            <p>
                {page.extent} · printed {formatTime(Date.now(), "minute")}, times in {zoneName()}
            </p>
            {page.question && <pre>{page.question}</pre>}
            <p class="paper-address">{window.location.href}</p>
            {page.columns.length > COLUMNS_MAX ? <Listed of={page} /> : <Tabled of={page} />}
        </section>
    );
}

function Tabled({ of: { columns, rows } }: { of: Sheet }) {
    return (
        <table>
            <thead>
                <tr>
                    {columns.map((column) => (
                        <th key={column.label} class={column.right ? "right" : ""}>
                            {column.label}
                        </th>
                    ))}
                </tr>
            </thead>
            <tbody>
                {rows.map((row, index) => (
                    <tr key={index}>
                        {columns.map((column) => (
                            <td key={column.label} class={column.right ? "right" : ""}>
                                {column.cell(row)}
                            </td>
                        ))}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

function Listed({ of: { columns, rows } }: { of: Sheet }) {
    return (
        <ol>
            {rows.map((row, index) => (
                <li key={index}>
                    {columns
                        .filter((column) => !column.blank?.(row))
                        .map((column) => (
                            <span key={column.label}>
                                <b>{column.label}</b> {column.cell(row)}
                            </span>
                        ))}
                </li>
            ))}
        </ol>
    );
}
