// Undo and redo without end: the state with the changes that led to it and those that were taken back.
import { type Action, changeOf } from "./actions";
import { apply, type Change, EMPTY, type GraphState, inverse, joined } from "./state";

interface Entry {
    readonly change: Change;
    readonly label: string;
    /** Entries with the same word in a row are one: a slider leaves one entry, not a hundred. */
    readonly merge?: string;
}

export interface History {
    readonly state: GraphState;
    readonly past: readonly Entry[];
    readonly future: readonly Entry[];
}

export const BEGIN: History = { state: EMPTY, past: [], future: [] };

/** Does an action. What changes nothing leaves no entry. */
export function act(history: History, action: Action, label: string, merge?: string): History {
    const change = changeOf(history.state, action);
    if (change.length === 0) return history;
    const state = apply(history.state, change);
    const last = history.past.at(-1);
    if (merge !== undefined && last?.merge === merge && history.future.length === 0) {
        const both = joined(last.change, change);
        const past = history.past.slice(0, -1);
        return { state, past: both.length === 0 ? past : [...past, { change: both, label, merge }], future: [] };
    }
    return { state, past: [...history.past, { change, label, ...(merge === undefined ? {} : { merge }) }], future: [] };
}

/** Changes the state without an entry: the beginning of an investigation cannot be undone. */
export function begin(history: History, action: Action): History {
    return { ...history, state: apply(history.state, changeOf(history.state, action)) };
}

/** The state before the last action; the same history when there is none. */
export function undo(history: History): History {
    const entry = history.past.at(-1);
    if (!entry) return history;
    return { state: apply(history.state, inverse(entry.change)), past: history.past.slice(0, -1), future: [entry, ...history.future] };
}

/** Does again what was taken back last. */
export function redo(history: History): History {
    const [entry, ...future] = history.future;
    if (!entry) return history;
    return { state: apply(history.state, entry.change), past: [...history.past, entry], future };
}

/** What the next undo takes back, for people. */
export function undoLabel(history: History): string | undefined {
    return history.past.at(-1)?.label;
}

/** What the next redo does again, for people. */
export function redoLabel(history: History): string | undefined {
    return history.future[0]?.label;
}
