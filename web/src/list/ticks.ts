// Rows that a person ticked: some by name, or everything that a filter finds.
import { useState } from "preact/hooks";
import type { Rows } from "../state/rows";
import type { Ticks } from "../ui/table";

/** What is ticked. `all` stands for every row that fits, loaded or not. */
export interface Ticked {
    readonly all: boolean;
    readonly ids: ReadonlySet<string>;
}

export const NOTHING_TICKED: Ticked = { all: false, ids: new Set() };

/** Ticks or unticks rows. Out of all that fit one can only be taken by naming the rest: the rows that are `known`. */
export function ticked(before: Ticked, keys: readonly string[], on: boolean, known: () => readonly string[]): Ticked {
    if (before.all && on) return before;
    const ids = new Set(before.all ? known() : before.ids);
    for (const key of keys) {
        if (on) ids.add(key);
        else ids.delete(key);
    }
    return { all: false, ids };
}

/** How many rows are ticked. */
export function tickedCount(of: Ticked, total: number | undefined): number {
    return of.all ? (total ?? 0) : of.ids.size;
}

/** As much of a list's rows as ticks need. */
type Tickable<T> = Pick<Rows<T>, "known" | "total">;

/** The ticks of a list. Another question (`key`) begins with none; live updates keep them. */
export function useTicks<T>(key: string, rows: Tickable<T>, rowKey: (row: T) => string): { of: Ticked; ticks: Ticks; clear: () => void } {
    const [state, setState] = useState({ key, of: NOTHING_TICKED });
    const of = state.key === key ? state.of : NOTHING_TICKED;
    /** Several keys may tick before the list is drawn again: each goes on from what the one before it left. */
    const put = (next: (before: Ticked) => Ticked) =>
        setState((before) => ({ key, of: next(before.key === key ? before.of : NOTHING_TICKED) }));
    const count = tickedCount(of, rows.total);
    return {
        of,
        clear: () => put(() => NOTHING_TICKED),
        ticks: {
            has: (id) => of.all || of.ids.has(id),
            state: count === 0 ? "none" : of.all || count === rows.total ? "all" : "some",
            set: (keys, on) => put((before) => ticked(before, keys, on, () => [...rows.known()].map(([, row]) => rowKey(row)))),
            setAll: (on) => put(() => (on ? { all: true, ids: new Set() } : NOTHING_TICKED)),
        },
    };
}
