// A list that comes page by page: pages are asked for as rows come into sight, old ones may be forgotten and asked for again.
import { signal } from "@preact/signals";
import { isAbort } from "../api/client";
import type { Rows } from "./rows";

/** A page as the API gives it. */
export interface PageAnswer<T> {
    rows: readonly T[];
    cursor: string | null | undefined;
    total: number | undefined;
}

interface Page<T> {
    /** Where the page begins; none for the first. */
    cursor: string | null;
    /** Number of its first row. */
    start: number;
    length: number;
    rows: readonly T[] | undefined;
    stale: boolean;
    used: number;
}

/** Pages kept in memory; others keep their cursor only. */
const PAGES_KEPT = 40;
/** Rows loaded ahead of those in sight. */
const AHEAD_ROWS = 150;

/** The rows of one question. `version` changes whenever something was loaded. */
export class Pages<T> implements Rows<T> {
    readonly version = signal(0);
    readonly error = signal<unknown>(undefined);
    /** Rows that match, as the last answer said. */
    total: number | undefined;
    /** Rows that are known so far. */
    count = 0;
    loading = false;

    private readonly load: (cursor: string | null, signal: AbortSignal) => Promise<PageAnswer<T>>;
    private readonly pages: Page<T>[] = [];
    private readonly controller = new AbortController();
    private next: string | null | undefined = null;
    private wanted = { from: 0, to: 1 };
    private clock = 0;

    constructor(load: (cursor: string | null, signal: AbortSignal) => Promise<PageAnswer<T>>) {
        this.load = load;
    }

    /** Whether every row is known. */
    get complete(): boolean {
        return this.next === undefined;
    }

    /** Whether nothing was answered yet. */
    get untouched(): boolean {
        return this.pages.length === 0;
    }

    row(index: number): T | undefined {
        const page = this.pageOf(index);
        return page?.rows?.[index - page.start];
    }

    /** All rows in memory with their numbers. */
    *known(): Generator<readonly [number, T]> {
        for (const page of this.pages) {
            for (const [offset, row] of (page.rows ?? []).entries()) yield [page.start + offset, row];
        }
    }

    /** Says which rows are in sight; loads what is missing there. */
    want(from: number, to: number): void {
        this.wanted = { from, to: Math.max(to, from + 1) };
        void this.pump();
    }

    /** Says that the answers may have changed: what is in sight is asked for again, the rest when it comes into sight. */
    refresh(): void {
        for (const page of this.pages) page.stale = true;
        void this.pump();
    }

    /** Tries again after an error. */
    retry(): void {
        this.error.value = undefined;
        void this.pump();
    }

    /** Drops what is under way. */
    close(): void {
        this.controller.abort();
    }

    private pageOf(index: number): Page<T> | undefined {
        let low = 0;
        let high = this.pages.length - 1;
        while (low <= high) {
            const middle = (low + high) >> 1;
            const page = this.pages[middle];
            if (!page) return undefined;
            if (index < page.start) high = middle - 1;
            else if (index >= page.start + page.length) low = middle + 1;
            else return page;
        }
        return undefined;
    }

    /** The place of the page to load next, if any. */
    private missing(): number | undefined {
        const { from, to } = this.wanted;
        // The first page carries the counters: it is renewed whatever is in sight.
        if (this.pages[0]?.stale) return 0;
        for (const [place, page] of this.pages.entries()) {
            const seen = page.start < to + AHEAD_ROWS && page.start + page.length > from - AHEAD_ROWS;
            if (!seen) continue;
            page.used = this.clock;
            if (!page.rows || page.stale) return place;
        }
        return this.next !== undefined && this.count < to + AHEAD_ROWS ? this.pages.length : undefined;
    }

    private async pump(): Promise<void> {
        if (this.loading || this.controller.signal.aborted || this.error.peek() !== undefined) return;
        this.clock += 1;
        const place = this.missing();
        if (place === undefined) return;
        this.loading = true;
        try {
            const cursor = this.pages[place]?.cursor ?? (place === 0 ? null : (this.next ?? null));
            this.put(place, cursor, await this.load(cursor, this.controller.signal));
        } catch (error) {
            if (isAbort(error)) return;
            this.error.value = error;
        } finally {
            this.loading = false;
        }
        this.version.value += 1;
        void this.pump();
    }

    private put(place: number, cursor: string | null, answer: PageAnswer<T>): void {
        if (this.controller.signal.aborted) return;
        const page = { cursor, start: 0, length: answer.rows.length, rows: answer.rows, stale: false, used: this.clock };
        this.pages[place] = page;
        if (answer.total !== undefined) this.total = answer.total;
        const after = this.pages[place + 1];
        if (!answer.cursor) {
            this.pages.length = place + 1;
            this.next = undefined;
        } else if (!after) {
            this.next = answer.cursor;
        } else if (after.cursor !== answer.cursor) {
            // Rows came or went: the next page begins elsewhere now.
            after.cursor = answer.cursor;
            after.stale = true;
        }
        let start = 0;
        for (const one of this.pages) {
            one.start = start;
            start += one.length;
        }
        this.count = start;
        this.forget();
    }

    private forget(): void {
        const held = this.pages.filter((page) => page.rows);
        if (held.length <= PAGES_KEPT) return;
        held.sort((a, b) => a.used - b.used);
        for (const page of held.slice(0, held.length - PAGES_KEPT)) if (page.used !== this.clock) page.rows = undefined;
    }
}

/** Rows of one question where only ids are wanted. */
export const IDS_PAGE = 5_000;
/** Hits that the search gives at once at the most. */
export const SEARCH_PAGE = 1_000;
/** Things that one deed takes at the most. */
const IDS_MAX = 10_000;

/** The ids of a whole list. A list longer than one deed takes is refused. */
export async function readIds(
    load: (cursor: string | null, signal: AbortSignal) => Promise<PageAnswer<{ id: string }>>,
): Promise<string[]> {
    const ids: string[] = [];
    const { signal } = new AbortController();
    for (let cursor: string | null | undefined = null; cursor !== undefined; ) {
        const page: PageAnswer<{ id: string }> = await load(cursor, signal);
        for (const row of page.rows) ids.push(row.id);
        if ((page.total ?? ids.length) > IDS_MAX) throw new Error(`at most ${IDS_MAX} at once: narrow the filter`);
        cursor = page.cursor ?? undefined;
    }
    return ids;
}
