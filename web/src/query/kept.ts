// Queries that the person ran or saved: kept in the browser.
import { stored } from "../state/stored";
import type { Lang } from "./language";

/** A query that was run. */
export interface Ran {
    lang: Lang;
    text: string;
    at: string;
    rows: number;
    milliseconds: number;
    failed: boolean;
}

/** A query with a name. */
export interface Saved {
    name: string;
    lang: Lang;
    text: string;
}

const HISTORY_MAX = 100;

const isQuery = (value: unknown): boolean => {
    const query = value as Partial<Saved> | null;
    return typeof query?.text === "string" && ["kql", "sql", "cypher"].includes(String(query.lang));
};
const isHistory = (value: unknown): value is Ran[] =>
    Array.isArray(value) && value.every((one) => isQuery(one) && typeof one.at === "string");
const isSaved = (value: unknown): value is Saved[] =>
    Array.isArray(value) && value.every((one) => isQuery(one) && typeof one.name === "string");

export const ran = stored<Ran[]>("query.history", [], isHistory);
export const saved = stored<Saved[]>("query.saved", [], isSaved);

/** Notes a run. The same text again moves to the front. */
export function remember(run: Ran): void {
    ran.value = [run, ...ran.value.filter((one) => one.text !== run.text || one.lang !== run.lang)].slice(0, HISTORY_MAX);
}

/** Keeps a query under a name, in place of an earlier one of that name. */
export function keep(query: Saved): void {
    saved.value = [...saved.value.filter((one) => one.name !== query.name), query].sort((a, b) => a.name.localeCompare(b.name));
}
