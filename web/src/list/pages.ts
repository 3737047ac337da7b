// The rows of a list on the screen: loaded as they come into sight, asked again when the workspace changes.
import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { seq } from "../app/live";
import { Blocks } from "../state/blocks";
import { type PageAnswer, Pages } from "../state/pages";
import type { Rows } from "../state/rows";

const PAGE_ROWS = 200;

/** Where a page begins: behind a cursor, or at a row of the whole list. */
export type At = { readonly cursor: string | null } | { readonly offset: number };

/** Asks for a page of a question. */
export type LoadPage<Q, T> = (query: Q, at: At, limit: number, signal: AbortSignal) => Promise<PageAnswer<T>>;

/** The place of a page as parameters of the API. */
export function atParams(at: At): { cursor?: string; offset?: number } {
    if ("offset" in at) return at.offset === 0 ? {} : { offset: at.offset };
    return at.cursor === null ? {} : { cursor: at.cursor };
}

/** Has rows asked for again whenever the workspace changes, or the server is back. */
export function useRenewed<T>(pages: Rows<T>): void {
    const version = seq.value;
    const first = useRef(version);
    useEffect(() => {
        if (version !== first.current) {
            if (pages.error.peek() !== undefined) pages.retry();
            else if (!pages.untouched) pages.refresh();
        }
        first.current = version;
    }, [version, pages]);
}

/**
 * The rows of `query`; another question begins anew. With `anywhere` the list can be entered at any row.
 * Using this in a component makes it follow what is loaded.
 */
export function usePages<Q, T>(
    query: Q,
    load: LoadPage<Q, T>,
    anywhere = true,
): { pages: Rows<T>; key: string; onRange: (from: number, to: number) => void } {
    const key = JSON.stringify(query);
    const pages = useMemo((): Rows<T> => {
        const asked: Q = JSON.parse(key);
        if (anywhere) return new Blocks<T>((offset, limit, signal) => load(asked, { offset }, limit, signal), PAGE_ROWS);
        return new Pages<T>((cursor, signal) => load(asked, { cursor }, PAGE_ROWS, signal));
    }, [key, load, anywhere]);
    useEffect(() => {
        pages.want(0, 1);
        return () => pages.close();
    }, [pages]);
    useRenewed(pages);
    void pages.version.value;
    const onRange = useCallback((from: number, to: number) => pages.want(from, to), [pages]);
    return { pages, key, onRange };
}
