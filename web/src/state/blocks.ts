// A list that can be entered anywhere: blocks of rows by their place, those in sight first, far ones forgotten.
import { signal } from "@preact/signals";
import { isAbort } from "../api/client";
import type { PageAnswer } from "./pages";
import type { Rows } from "./rows";

interface Block<T> {
    rows: readonly T[];
    stale: boolean;
    used: number;
}

/** Blocks kept in memory. */
const BLOCKS_KEPT = 40;
/** Blocks asked for at the same time. */
const AT_ONCE = 2;

/** Loads rows by their place. Scrolling past a place gives up what was asked for there. */
export class Blocks<T> implements Rows<T> {
    readonly version = signal(0);
    readonly error = signal<unknown>(undefined);
    total: number | undefined;

    private readonly blocks = new Map<number, Block<T>>();
    private readonly asked = new Map<number, AbortController>();
    private wanted = { from: 0, to: 1 };
    private clock = 0;
    private closed = false;

    constructor(
        private readonly load: (offset: number, limit: number, signal: AbortSignal) => Promise<PageAnswer<T>>,
        private readonly size: number,
    ) {}

    get count(): number {
        return this.total ?? 0;
    }

    get untouched(): boolean {
        return this.total === undefined;
    }

    row(index: number): T | undefined {
        return this.blocks.get(Math.floor(index / this.size))?.rows[index % this.size];
    }

    *known(): Generator<readonly [number, T]> {
        for (const [number, block] of [...this.blocks].sort((a, b) => a[0] - b[0])) {
            for (const [offset, row] of block.rows.entries()) yield [number * this.size + offset, row];
        }
    }

    want(from: number, to: number): void {
        this.wanted = { from, to: Math.max(to, from + 1) };
        this.clock += 1;
        const [first, last] = this.near();
        for (const [number, controller] of this.asked) {
            if (number < first || number > last) {
                controller.abort();
                this.asked.delete(number);
            }
        }
        this.pump();
    }

    refresh(): void {
        for (const block of this.blocks.values()) block.stale = true;
        this.pump();
    }

    retry(): void {
        this.error.value = undefined;
        this.pump();
    }

    close(): void {
        this.closed = true;
        for (const controller of this.asked.values()) controller.abort();
    }

    /** The blocks in sight and one on each side. */
    private near(): [number, number] {
        const most = this.total === undefined ? 0 : Math.max(0, Math.ceil(this.total / this.size) - 1);
        const block = (row: number) => Math.floor(row / this.size);
        return [Math.max(0, block(this.wanted.from) - 1), Math.min(most, block(this.wanted.to - 1) + 1)];
    }

    /** The blocks to be asked for, what is in sight before what lies beside it. */
    private missing(): number[] {
        const [first, last] = this.near();
        const middle = (this.wanted.from + this.wanted.to) / 2 / this.size - 0.5;
        const found: number[] = [];
        for (let number = first; number <= last; number += 1) {
            const block = this.blocks.get(number);
            if (block) block.used = this.clock;
            if ((!block || block.stale) && !this.asked.has(number)) found.push(number);
        }
        return found.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    }

    private pump(): void {
        if (this.closed || this.error.peek() !== undefined) return;
        for (const number of this.missing()) {
            if (this.asked.size >= AT_ONCE) return;
            void this.ask(number);
        }
    }

    private async ask(number: number): Promise<void> {
        const controller = new AbortController();
        this.asked.set(number, controller);
        try {
            const answer = await this.load(number * this.size, this.size, controller.signal);
            if (controller.signal.aborted || this.closed) return;
            this.blocks.set(number, { rows: answer.rows, stale: false, used: this.clock });
            this.total = answer.total ?? this.total ?? answer.rows.length;
            // The first block stays even where it is empty: it is what says so.
            for (const other of this.blocks.keys()) if (other > 0 && other * this.size >= this.total) this.blocks.delete(other);
            this.forget();
        } catch (error) {
            if (isAbort(error) || controller.signal.aborted) return;
            this.error.value = error;
        } finally {
            if (this.asked.get(number) === controller) this.asked.delete(number);
        }
        this.version.value += 1;
        this.pump();
    }

    private forget(): void {
        if (this.blocks.size <= BLOCKS_KEPT) return;
        const old = [...this.blocks].sort((a, b) => a[1].used - b[1].used);
        for (const [number, block] of old.slice(0, old.length - BLOCKS_KEPT)) if (block.used !== this.clock) this.blocks.delete(number);
    }
}
