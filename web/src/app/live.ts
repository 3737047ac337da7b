// Whether the workspace changed since the page last asked: one small question every few seconds while the page is seen.
import { effect, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import type { EngineStats } from "../api/types";

const POLL_MS = 5_000;

/** Counts what makes every screen look again: something came in, was changed here, or the server answers after it did not. */
export const seq = signal(0);
/** The counts of the last answer. */
export const stats = signal<EngineStats | undefined>(undefined);
/** Whether the server answers. */
export const online = signal(true);

/** `changed`: whether the page itself has just changed something, which what it shows cannot hold yet. */
async function poll(changed = false): Promise<void> {
    try {
        const answer = await ask("stats", {});
        const back = !online.peek();
        online.value = true;
        // The first answer changes nothing: what is shown was asked for at the same time.
        const before = stats.peek();
        stats.value = answer;
        if (changed || back || (before && before.seq !== answer.seq)) seq.value += 1;
    } catch (error) {
        // A refusal is an answer as well.
        online.value = error instanceof ApiError && error.detail.code !== "server_unreachable";
    }
}

/** Asks at once, after a change: every screen looks again. */
export function refresh(): void {
    void poll(true);
}

/** Begins to ask; a page that is not seen does not. */
export function follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const visible = signal(document.visibilityState === "visible");
    const seen = () => {
        visible.value = document.visibilityState === "visible";
    };
    document.addEventListener("visibilitychange", seen);
    const stop = effect(() => {
        clearTimeout(timer);
        if (!visible.value) return;
        const next = async () => {
            await poll();
            timer = setTimeout(next, POLL_MS);
        };
        void next();
    });
    return () => {
        stop();
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", seen);
    };
}
