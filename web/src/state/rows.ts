// The rows of one question, wherever they come from: page by page behind cursors, or from any place of the whole list.
import type { Signal } from "@preact/signals";

export interface Rows<T> {
    /** Changes whenever something was loaded. */
    readonly version: Signal<number>;
    readonly error: Signal<unknown>;
    /** Rows that match, as the last answer said. */
    readonly total: number | undefined;
    /** Rows that can be scrolled to. */
    readonly count: number;
    /** Whether nothing was answered yet. */
    readonly untouched: boolean;
    row(index: number): T | undefined;
    /** All rows in memory with their numbers. */
    known(): Iterable<readonly [number, T]>;
    /** Says which rows are in sight; loads what is missing there. */
    want(from: number, to: number): void;
    /** Says that the answers may have changed. */
    refresh(): void;
    /** Tries again after an error. */
    retry(): void;
    /** Drops what is under way. */
    close(): void;
}
