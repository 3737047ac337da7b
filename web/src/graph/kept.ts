// The investigation of a tab, kept over a reload: what the address cannot hold is every step that can be undone. It lies in the session's
// storage, for this tab alone, bounded in steps and in size; an address that others made begins without it.
import type { History } from "./history";
import type { NodeId } from "./model";
import { pack, unpack } from "./packed";
import { type Change, EMPTY, type GraphState, SLICES, type Slice } from "./state";

/** What comes back after a reload. */
export interface Kept {
    /** The address's text for this state: another address means another state. */
    readonly address: string;
    readonly history: History;
    readonly roots: readonly NodeId[];
    /** What each question brought, by its key. */
    readonly brought: readonly (readonly [string, readonly NodeId[]])[];
    /** Where things lie, as an address tells it. */
    readonly places: string;
    readonly selected: readonly NodeId[];
}

const VERSION = 1;
/** Steps that are kept: the oldest go first. */
export const STEPS_MAX = 1_000;
/** Characters of one investigation; browsers give a tab about five million. */
const CHARS_MAX = 1_500_000;
/** Investigations of a tab; the one that was not touched for longest goes first. */
const KEPT_MAX = 8;
const PREFIX = "clew.graph ";

/** As text. Of a long history the last steps stay. */
export async function writeKept(kept: Kept): Promise<string> {
    const { history, ...rest } = kept;
    let past = history.past.slice(-STEPS_MAX);
    let future = history.future.slice(0, STEPS_MAX);
    for (;;) {
        const state = Object.fromEntries(SLICES.map((slice) => [slice, [...history.state[slice]]]));
        const text = await pack({ v: VERSION, ...rest, state, past, future });
        if (text.length <= CHARS_MAX || past.length + future.length === 0) return text;
        past = past.slice(Math.ceil(past.length / 2));
        future = future.slice(0, Math.floor(future.length / 2));
    }
}

/** Reads what was written; nothing of a text that is none of ours. */
export async function readKept(text: string): Promise<Kept | undefined> {
    try {
        const value = (await unpack(text)) as Kept & { v: number; state: Record<Slice, [string, never][]> } & Pick<
                History,
                "past" | "future"
            >;
        if (value.v !== VERSION) return undefined;
        const state = { ...EMPTY, ...Object.fromEntries(SLICES.map((slice) => [slice, new Map(value.state[slice])])) } as GraphState;
        const entries = (list: History["past"]) => list.map((entry) => ({ ...entry, change: steps(entry.change) }));
        const { address, roots, brought, places, selected } = value;
        if (typeof address !== "string" || typeof places !== "string") return undefined;
        return {
            address,
            roots: [...roots],
            brought: brought.map(([key, ids]) => [key, [...ids]] as const),
            places,
            selected: [...selected],
            history: { state, past: entries(value.past), future: entries(value.future) },
        };
    } catch {
        return undefined;
    }
}

/** Steps with both sides: JSON drops what is absent. */
const steps = (change: Change): Change => change.map(({ slice, key, before, after }) => ({ slice, key, before, after }));

/** The text that is kept of an investigation. */
export function takeKept(of: string): string | undefined {
    try {
        return globalThis.sessionStorage?.getItem(PREFIX + of) ?? undefined;
    } catch {
        return undefined;
    }
}

/** Keeps a text of an investigation, and lets go of others where there is no room. */
export function putKept(of: string, text: string): void {
    const key = PREFIX + of;
    try {
        const storage = globalThis.sessionStorage;
        // Taken out first, so that the one last touched is the last one listed.
        storage.removeItem(key);
        const others = Object.keys(storage).filter((name) => name.startsWith(PREFIX));
        for (const other of others.slice(0, Math.max(0, others.length - KEPT_MAX + 1))) storage.removeItem(other);
        for (const other of [...Object.keys(storage).filter((name) => name.startsWith(PREFIX)), undefined]) {
            try {
                if (text.length <= CHARS_MAX) storage.setItem(key, text);
                return;
            } catch {
                if (other !== undefined) storage.removeItem(other);
            }
        }
    } catch {
        // Storage may be forbidden: a reload then begins at the state of the address.
    }
}
