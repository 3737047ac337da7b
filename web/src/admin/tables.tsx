// Where the rows of every table came from, and how they were read: files with their rows, times, rows that name entities, and members
// that no column holds. All of it is asked of the rows themselves, so that it is there whoever took them in, and when.
import { useState } from "preact/hooks";
import { ask } from "../api/client";
import { useAsk, useLoad } from "../api/resource";
import type { TableRow } from "../api/types";
import { seq } from "../app/live";
import { href } from "../router/router";
import { useCalm, useSeen } from "../state/calm";
import { formatBytes, formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Time } from "../ui/parts";
import { asked, type Question, ShowQuery } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { SimpleTable } from "./table";

/** Tables that are made of what all others say: they have no sources of their own. */
const MADE = new Set(["Alerts", "Incidents", "Entities", "Relations"]);
/** Rows up to which all tables show their sources at once; beyond, a table does when it is opened. */
const AT_ONCE_ROWS = 2_000_000;

/** The sources of a table. */
export function sourcesKql(table: string): string {
    return `${table}
| summarize Rows = count(), First = min(TimeGenerated), Last = max(TimeGenerated), WithEntities = countif(array_length(_Entities) > 0), WithMore = countif(isnotnull(_Extra)) by Source = _Source
| sort by Rows desc`;
}

/** Members of a table's records that no column holds. */
export function membersKql(table: string): string {
    return `${table}
| where isnotnull(_Extra)
| mv-expand Member = bag_keys(_Extra) to typeof(string)
| where isnotempty(Member)
| summarize Rows = count(), Sources = dcount(_Source) by Member
| sort by Rows desc`;
}

const question = (of: string, text: string): Question => ({ of, lang: "kql", text });

export function TableSources() {
    const { element, shown } = useSeen<HTMLElement>();
    const tables = useAsk("tables", {}, useCalm(seq.value, shown));
    return (
        <section class="card wide" aria-label="What is there, by table and source" ref={element}>
            <div class="card-head">
                <h2>What is there</h2>
                <span class="faint small">tables, the files that their rows came from, and how they were read</span>
            </div>
            <Loaded of={tables} rows={6}>
                {({ value }) => {
                    const shown = value.filter((table) => !MADE.has(table.name) && table.rows > 0);
                    const rows = shown.reduce((sum, table) => sum + table.rows, 0);
                    if (shown.length === 0) return <p class="card-note muted">Nothing yet: give clew an export above.</p>;
                    return (
                        <ul class="table-sources">
                            {shown.map((table) => (
                                <OneTable key={table.name} table={table} at={rows <= AT_ONCE_ROWS} />
                            ))}
                        </ul>
                    );
                }}
            </Loaded>
        </section>
    );
}

function OneTable({ table, at }: { table: TableRow; at: boolean }) {
    const [open, setOpen] = useState(at);
    const { element, shown, seen } = useSeen<HTMLLIElement>();
    return (
        <li ref={element}>
            <div class="line table-source">
                <button
                    type="button"
                    class="button quiet icon small"
                    aria-expanded={open}
                    aria-label={`Sources of ${table.name}`}
                    onClick={() => setOpen(!open)}
                >
                    <Icon name={open ? "down" : "right"} />
                </button>
                <a href={href("/query", { lang: "kql", text: `${table.name}\n| take 100` })}>{table.name}</a>
                <span class="number" {...asked(question(`Rows of ${table.name}`, `${table.name}\n| count`))}>
                    {formatCount(table.rows)} {table.rows === 1 ? "row" : "rows"}
                </span>
                <span class="grow" />
                <span class="faint small" data-plain>
                    {table.bytes > 0 ? formatBytes(table.bytes) : "in memory"}
                </span>
                <ShowQuery {...question(`Sources of ${table.name}`, sourcesKql(table.name))} />
            </div>
            {open && (
                <div class="table-source-rows">
                    <SourceRows table={table.name} shown={shown} seen={seen} />
                </div>
            )}
        </li>
    );
}

/** The sources of a table, asked for once it is on the screen, and anew only while it is. */
function SourceRows({ table, shown, seen }: { table: string; shown: boolean; seen: boolean }) {
    const text = sourcesKql(table);
    const version = useCalm(seq.value, shown);
    const found = useLoad(seen ? (signal) => ask("query", {}, { signal, body: { lang: "kql", text } }) : null, text, version);
    if (!seen) return null;
    return (
        <Loaded of={found} rows={1}>
            {(data) => {
                const more = data.rows.reduce((sum, row) => sum + Number(row[5] ?? 0), 0);
                return (
                    <div {...asked(question(`Sources of ${table}`, text))}>
                        <SimpleTable
                            columns={["Source", ">Rows", "First", "Last", ">Name entities", ">In _Extra"]}
                            rows={data.rows.map(([source, rows, first, last, entities, extra]) => [
                                <span key="s" class="wrap">
                                    {String(source)}
                                </span>,
                                formatCount(Number(rows)),
                                <Time key="f" at={first as string | null} style="minute" />,
                                <Time key="l" at={last as string | null} style="minute" />,
                                Number(entities) > 0 ? formatCount(Number(entities)) : "",
                                Number(extra) > 0 ? formatCount(Number(extra)) : "",
                            ])}
                            empty="No source is known."
                        />
                        {more > 0 && <MoreMembers table={table} rows={more} version={version} />}
                    </div>
                );
            }}
        </Loaded>
    );
}

/** The members that no column holds, on demand. */
function MoreMembers({ table, rows, version }: { table: string; rows: number; version: number }) {
    const [open, setOpen] = useState(false);
    const text = membersKql(table);
    const found = useLoad(open ? (signal) => ask("query", {}, { signal, body: { lang: "kql", text } }) : null, text, version);
    return (
        <details class="more-members" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary class="muted">
                {formatCount(rows)} {rows === 1 ? "row holds" : "rows hold"} members that no column of the table has; they are kept in{" "}
                <code>_Extra</code>
            </summary>
            {open && (
                <Loaded of={found} rows={2}>
                    {(data) => (
                        <div {...asked(question(`Members without a column in ${table}`, text))}>
                            <SimpleTable
                                columns={["Member", ">Rows", ">Sources"]}
                                rows={data.rows.map(([member, count, sources]) => [
                                    <code key="m">{String(member)}</code>,
                                    formatCount(Number(count)),
                                    formatCount(Number(sources)),
                                ])}
                                empty=""
                            />
                        </div>
                    )}
                </Loaded>
            )}
        </details>
    );
}
