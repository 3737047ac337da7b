// The pages of a list on the screen: loaded as they come into sight, asked again when the workspace changes.
import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { seq } from "../app/live";
import { type PageAnswer, Pages } from "../state/pages";

const PAGE_ROWS = 200;

/** Asks for a page of a question. */
export type LoadPage<Q, T> = (query: Q, cursor: string | null, limit: number, signal: AbortSignal) => Promise<PageAnswer<T>>;

/** The pages of `query`; another question begins anew. Reading this in a component makes it follow what is loaded. */
export function usePages<Q, T>(
    query: Q,
    load: LoadPage<Q, T>,
): { pages: Pages<T>; key: string; onRange: (from: number, to: number) => void } {
    const key = JSON.stringify(query);
    const pages = useMemo(() => {
        const asked: Q = JSON.parse(key);
        return new Pages<T>((cursor, signal) => load(asked, cursor, PAGE_ROWS, signal));
    }, [key, load]);
    useEffect(() => {
        pages.want(0, 1);
        return () => pages.close();
    }, [pages]);
    const version = seq.value;
    const first = useRef(version);
    useEffect(() => {
        if (version !== first.current && !pages.untouched) pages.refresh();
        first.current = version;
    }, [version, pages]);
    void pages.version.value;
    const onRange = useCallback((from: number, to: number) => pages.want(from, to), [pages]);
    return { pages, key, onRange };
}
