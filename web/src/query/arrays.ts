// Rows that hold series as arrays, as `make-series` makes them: told as one row for each place of the arrays.
import type { Column } from "../api/types";

type Rows = readonly (readonly unknown[])[];

export interface Told {
    readonly columns: readonly Column[];
    readonly rows: Rows;
    /** The column that the arrays run along, where there are arrays. */
    readonly axis?: number;
}

/** Cells that are looked at to know what a column holds. */
const LOOKED_MAX = 200;

/** The table with its arrays told one value for each row; as it is when it has none. */
export function exploded(columns: readonly Column[], rows: Rows): Told {
    const arrays = columns.flatMap((column, at) => (column.type === "dynamic" && holdsArrays(rows, at) ? [at] : []));
    if (arrays.length === 0) return { columns, rows };
    const types = new Map(arrays.map((at) => [at, typeOf(rows, at)]));
    const told = rows.flatMap((row) => {
        const length = Math.max(0, ...arrays.map((at) => (Array.isArray(row[at]) ? row[at].length : 0)));
        return Array.from({ length }, (_, index) =>
            row.map((cell, at) => (types.has(at) ? (Array.isArray(cell) ? (cell[index] ?? null) : null) : cell)),
        );
    });
    const axis =
        arrays.find((at) => types.get(at) === "datetime") ?? (arrays.length > 1 ? arrays.find((at) => rises(rows, at)) : undefined);
    return {
        columns: columns.map((column, at) => ({ ...column, type: types.get(at) ?? column.type })),
        rows: told,
        ...(axis === undefined ? {} : { axis }),
    };
}

function holdsArrays(rows: Rows, at: number): boolean {
    const cells = rows.slice(0, LOOKED_MAX).flatMap((row) => (row[at] === null || row[at] === undefined ? [] : [row[at]]));
    return cells.length > 0 && cells.every(Array.isArray);
}

function typeOf(rows: Rows, at: number): string {
    const values = rows.slice(0, LOOKED_MAX).flatMap((row) => (Array.isArray(row[at]) ? row[at].filter((value) => value !== null) : []));
    if (values.length > 0 && values.every((value) => typeof value === "number")) return "real";
    const instant = (value: unknown) => typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
    return values.length > 0 && values.every(instant) ? "datetime" : values.length === 0 ? "real" : "string";
}

/** Whether every array of a column only rises: the numbers that a series runs along do. */
function rises(rows: Rows, at: number): boolean {
    return rows.slice(0, LOOKED_MAX).every((row) => {
        const values = Array.isArray(row[at]) ? row[at] : [];
        return values.length > 1 && values.every((value, index) => index === 0 || Number(value) > Number(values[index - 1]));
    });
}
