// A drawer with a query and its rows: what stands behind a link or a question.
import { ask } from "../api/client";
import { useLoad } from "../api/resource";
import type { Table } from "../api/types";
import { href } from "../router/router";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { Loaded } from "../ui/states";
import { copyText } from "../ui/toast";
import { exploreText, type Load } from "./loads";
import type { Investigation } from "./store";

/** A query with its rows, or a query to be run. */
export interface Rows {
    readonly title: string;
    readonly text: string;
    readonly lang: "sql" | "kql";
    readonly table?: Table;
}

/** Opens the rows of a question that was asked. */
export function showRowsOf(of: Investigation, load: Load, open: (rows: Rows) => void): void {
    const found = of.answerOf(load.key);
    if (found?.table)
        open({
            title: load.call.kind === "explore" ? load.call.query : load.call.kind,
            text: found.text ?? "",
            lang: load.call.kind === "explore" ? "kql" : "sql",
            table: found.table,
        });
    // After a reload the answer is gone, the question is not.
    else if (load.call.kind === "explore")
        open({ title: load.call.query, text: exploreText(load.call.query, load.call.node), lang: "kql" });
}

const ROWS_SHOWN = 500;

export function RowsDrawer({ rows, onClose }: { rows: Rows; onClose: () => void }) {
    const given = rows.table;
    const answer = useLoad<Table>(
        (signal) =>
            given ? Promise.resolve(given) : ask("query", {}, { signal, body: { lang: rows.lang, text: rows.text, limit: ROWS_SHOWN } }),
        `${rows.title}\n${rows.text}`,
    );
    return (
        <section
            class="graph-drawer"
            aria-label={`Rows: ${rows.title}`}
            onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), onClose())}
        >
            <header class="graph-drawer-head">
                <strong class="clip grow">{rows.title}</strong>
                {rows.text !== "" && (
                    <button type="button" class="button quiet small" onClick={() => void copyText(rows.text, "Query")}>
                        <Icon name="copy" />
                        Copy query
                    </button>
                )}
                {rows.text !== "" && (
                    <a class="button quiet small" href={href("/query", { text: rows.text, lang: rows.lang })}>
                        <Icon name="query" />
                        Open in Query
                    </a>
                )}
                <IconButton icon="close" label="Close the rows" small onClick={onClose} />
            </header>
            {rows.text !== "" && (
                <details class="graph-query-text" open>
                    <summary class="small muted">Query</summary>
                    <pre class="mono small">{rows.text}</pre>
                </details>
            )}
            <Loaded of={answer} rows={4}>
                {(table) => <RowTable table={table} />}
            </Loaded>
        </section>
    );
}

function RowTable({ table }: { table: Table }) {
    // Columns that are empty in every row say nothing.
    const columns = table.columns
        .map((column, index) => ({ ...column, index }))
        .filter(({ index }) => table.rows.some((row) => row[index] !== null && row[index] !== ""));
    const shown = table.rows.slice(0, ROWS_SHOWN);
    return (
        <div class="graph-rows" tabIndex={0}>
            <table>
                <thead>
                    <tr>
                        {columns.map((column) => (
                            <th key={column.name} scope="col" title={column.type}>
                                {column.name}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {shown.map((row, index) => (
                        <tr key={index}>
                            {columns.map((column) => (
                                <td key={column.name} title={cell(row[column.index])}>
                                    {cell(row[column.index])}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
            <p class="faint small">
                {formatCount(table.rows.length)} {table.rows.length === 1 ? "row" : "rows"}
                {table.complete ? "" : ", cut by a limit"}
                {table.rows.length > shown.length && `, the first ${formatCount(shown.length)} shown`}
            </p>
        </div>
    );
}

function cell(value: unknown): string {
    if (value === null || value === undefined) return "";
    return typeof value === "string" ? value : JSON.stringify(value);
}
