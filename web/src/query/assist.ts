// What the server knows while one types: what may come at the cursor, and what is wrong with the text so far.
import { ask, isAbort } from "../api/client";
import type { CompletionItem } from "../api/types";
import { fromBytes, type Lang, toBytes } from "./language";

/** What is wrong with a place of the text. */
export interface Diagnostic {
    from: number;
    to: number;
    message: string;
    severity: "error" | "warning";
}

/** Items for a place, and the letters that each replaces. */
export interface Suggested {
    from: number;
    to: number;
    items: readonly CompletionItem[];
}

/** Asks what may be written at `at`; nothing where there is no answer. */
export async function suggest(lang: Lang, text: string, at: number, signal: AbortSignal): Promise<Suggested | undefined> {
    try {
        const answer = await ask("complete_query", {}, { body: { lang, text, offset: toBytes(text, at) }, signal });
        const span = readSpan(answer.span);
        return { ...(span ? fromBytes(text, span) : { from: at, to: at }), items: answer.items };
    } catch (error) {
        if (!isAbort(error)) console.warn("no completion:", error);
        return undefined;
    }
}

/** Asks what is wrong with a KQL text. An unfinished text may be wrong: nothing else than marks comes of it. */
export async function check(text: string): Promise<Diagnostic[]> {
    if (!text.trim()) return [];
    try {
        const { errors } = await ask("check_query", {}, { body: { text } });
        return errors.flatMap((remark) => readRemark(text, remark) ?? []);
    } catch {
        return [];
    }
}

/** A remark of the checker as a mark in the text. */
export function readRemark(text: string, remark: unknown): Diagnostic | undefined {
    if (typeof remark !== "object" || remark === null) return undefined;
    const { message, help, severity, span } = remark as Record<string, unknown>;
    if (typeof message !== "string") return undefined;
    const place = readSpan(span);
    const said = [message, typeof help === "string" ? help : ""].filter(Boolean).join("\n");
    const where = place ? fromBytes(text, place) : { from: 0, to: text.length };
    return { ...where, message: said, severity: severity === "warning" ? "warning" : "error" };
}

function readSpan(value: unknown): { start: number; end: number } | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    const { start, end } = value as Record<string, unknown>;
    return typeof start === "number" && typeof end === "number" ? { start, end } : undefined;
}
