// Values that the browser remembers: choices of the person, never data of an investigation.
import { effect, type Signal, signal } from "@preact/signals";

const PREFIX = "clew.";

/** A signal that is read from and kept in local storage. What `accept` refuses is replaced by `fallback`. */
export function stored<T>(name: string, fallback: T, accept: (value: unknown) => value is T): Signal<T> {
    const value = signal<T>(load(name, fallback, accept));
    effect(() => {
        const text = JSON.stringify(value.value);
        try {
            globalThis.localStorage?.setItem(PREFIX + name, text);
        } catch {
            // Storage may be full or forbidden: the choice then lasts as long as the page.
        }
    });
    return value;
}

function load<T>(name: string, fallback: T, accept: (value: unknown) => value is T): T {
    try {
        const text = globalThis.localStorage?.getItem(PREFIX + name);
        if (text) {
            const value: unknown = JSON.parse(text);
            if (accept(value)) return value;
        }
    } catch {
        // Not readable: as if nothing had been kept.
    }
    return fallback;
}

/** Accepts one of some words. */
export function oneOf<T extends string>(...words: readonly T[]): (value: unknown) => value is T {
    return (value): value is T => words.includes(value as T);
}

/** Accepts a list of texts. */
export function isTexts(value: unknown): value is string[] {
    return Array.isArray(value) && value.every((item) => typeof item === "string");
}
