// Lists of any length read to their end, page by page, with a message that tells how far it is and stops it.
import { errorDetail } from "../api/client";
import { toast } from "../ui/toast";

/** Rows of one question of the API, where all are wanted. */
export const WHOLE_PAGE_ROWS = 5_000;

/** Reads the next page; none is behind a page without a cursor. */
type Load<P> = (cursor: string | null, signal: AbortSignal) => Promise<P>;

/**
 * Reads pages until none is left. `take` gets each of them and says how much was read so far, or nothing where that is enough. Gives
 * whether that came to its end: it does not where somebody stops it or an answer fails, which is said with `failed` in front.
 */
export async function readPages<P extends { cursor?: string | null | undefined }>(
    load: Load<P>,
    take: (page: P) => string | undefined,
    failed: string,
): Promise<boolean> {
    const controller = new AbortController();
    try {
        for (let cursor: string | null = null; ; ) {
            const page: P = await load(cursor, controller.signal);
            const read = take(page);
            if (!page.cursor || read === undefined) return true;
            cursor = page.cursor;
            toast(read, { action: { label: "Stop", run: () => controller.abort() } });
        }
    } catch (error) {
        if (!controller.signal.aborted) toast(`${failed}: ${errorDetail(error).message}`, { tone: "bad" });
        return false;
    }
}
