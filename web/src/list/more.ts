// A list that grows when asked for more: its first page is renewed with the workspace, what follows it by cursor comes with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { errorDetail, isAbort } from "../api/client";
import { toast } from "../ui/toast";

/** A page as the API gives it. */
interface CursorPage<T> {
    value: readonly T[];
    cursor?: string | null;
}

interface Grown<T> {
    rows: readonly T[];
    /** Asks for the next page; none where everything is shown. */
    more: (() => void) | undefined;
    /** Whether the next page is being asked for. */
    busy: boolean;
}

/** The rows of `first` and of the pages behind it that were asked for. `next` asks for the page at a cursor. */
export function useMore<T extends { id: string }>(
    first: CursorPage<T>,
    next: (cursor: string, signal: AbortSignal) => Promise<CursorPage<T>>,
): Grown<T> {
    const [later, setLater] = useState<readonly CursorPage<T>[]>([]);
    const [busy, setBusy] = useState(false);
    const controller = useRef(new AbortController());
    const kept = useRef(0);
    kept.current = later.length;
    // What follows a renewed first page is asked for anew, as far as it was shown; until it is there, the old stays.
    useEffect(() => {
        const mine = new AbortController();
        controller.current = mine;
        setBusy(false);
        const renew = async () => {
            const renewed: CursorPage<T>[] = [];
            for (let last = first; renewed.length < kept.current && last.cursor; ) {
                last = await next(last.cursor, mine.signal);
                renewed.push(last);
            }
            if (!mine.signal.aborted) setLater(renewed);
        };
        if (kept.current > 0) renew().catch((error) => !isAbort(error) && toast(errorDetail(error).message, { tone: "bad" }));
        return () => mine.abort();
    }, [first]);
    const pages = [first, ...later];
    const cursor = pages.at(-1)?.cursor;
    const go = async (from: string) => {
        const { signal } = controller.current;
        setBusy(true);
        try {
            const page = await next(from, signal);
            if (!signal.aborted) setLater((before) => [...before, page]);
        } catch (error) {
            if (!isAbort(error)) toast(errorDetail(error).message, { tone: "bad" });
        }
        if (!signal.aborted) setBusy(false);
    };
    return {
        // Between a renewed page and an old one a row may stand twice.
        rows: [...new Map(pages.flatMap((page) => page.value).map((one) => [one.id, one])).values()],
        more: cursor ? () => void go(cursor) : undefined,
        busy,
    };
}
