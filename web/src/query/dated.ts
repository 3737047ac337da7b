// Rows of a result as items of time: which column is the time, which parts them into lanes, what each says.
import type { Table } from "../api/types";
import type { Item, Lane } from "../timeline/model";
import { cellText } from "../ui/cell";

/** A row with a time. `item.key` is its number in the table. */
export interface DatedRow {
    readonly index: number;
    readonly item: Item;
}

const ENDS = /^(end|stop|last)|(end|last)(time|date)?$/i;
const LANES_MAX = 24;
const WORDS_MAX = 5;

/** The rows that have a time in column `at`, oldest first. A second column of times that is named like an end is the end. */
export function datedRows(table: Table, at: number): DatedRow[] {
    const end = table.columns.findIndex((column, index) => index !== at && column.type === "datetime" && ENDS.test(column.name));
    const severity = table.columns.findIndex((column) => /^severity$/i.test(column.name));
    return table.rows
        .flatMap((row, index): DatedRow[] => {
            const time = Date.parse(String(row[at] ?? ""));
            if (!Number.isFinite(time)) return [];
            const until = end < 0 ? Number.NaN : Date.parse(String(row[end] ?? ""));
            const level = severity < 0 ? undefined : row[severity];
            const said = typeof level === "string" && level !== "" ? level : undefined;
            return [
                {
                    index,
                    item: {
                        key: String(index),
                        time,
                        ...(until > time ? { end: until } : {}),
                        kind: said ? "alert" : "event",
                        message: messageOf(table, row, at),
                        source: "",
                        ...(said ? { severity: said } : {}),
                        tactics: [],
                        nodes: [],
                        raw: { time: null, kind: "event", message: "", source: "", tactics: [], touches: [], seq: index },
                    },
                },
            ];
        })
        .sort((a, b) => a.item.time - b.item.time || a.index - b.index);
}

function messageOf(table: Table, row: readonly unknown[], time: number): string {
    return table.columns
        .flatMap((column, at) => (at === time || row[at] === null || row[at] === "" ? [] : [cellText(row[at], column.type)]))
        .slice(0, WORDS_MAX)
        .join(" · ")
        .slice(0, 200);
}

/** Columns whose values part the rows well: texts of more than one and not too many values, those of fewest first. */
export function laneColumns(table: Table): number[] {
    return table.columns
        .flatMap((column, at) => {
            if (column.type !== "string" && column.type !== "bool") return [];
            const values = new Set(table.rows.map((row) => row[at] ?? ""));
            return values.size > 1 && values.size <= LANES_MAX ? [{ at, values: values.size }] : [];
        })
        .sort((a, b) => a.values - b.values || a.at - b.at)
        .map(({ at }) => at);
}

/** Rows in lanes by the values of a column, the fullest lane first; one lane where `by` is below 0. */
export function rowLanes(table: Table, rows: readonly DatedRow[], by: number): Lane[] {
    const lanes = new Map<string, Item[]>();
    for (const { index, item } of rows) {
        const value = by < 0 ? "Rows" : cellText(table.rows[index]?.[by], table.columns[by]?.type ?? "") || "(empty)";
        const list = lanes.get(value);
        if (list) list.push(item);
        else lanes.set(value, [item]);
    }
    return [...lanes]
        .map(([id, items]) => ({ id, label: id, items }))
        .sort((a, b) => b.items.length - a.items.length || a.label.localeCompare(b.label));
}
