// How many proposals wait for a person: counted when the page opens and whenever something changed.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, askNamed, offered } from "../api/client";
import { token } from "../api/session";
import { seq } from "../app/live";

const count = signal(0);

/** Proposals that nobody decided on yet. */
export const waiting = computed(() => count.value);

/** Keeps the count on the present state as long as the component is there. */
export function useWaiting(): void {
    const version = seq.value;
    const who = token.value;
    useEffect(() => {
        if (!offered("proposals")) return;
        const controller = new AbortController();
        askNamed("proposals", { state: ["open"], limit: 1 }, { signal: controller.signal }).then(
            (answer) => {
                count.value = Number((answer as { total?: number }).total ?? 0);
            },
            (error) => {
                // Who may not see proposals has none waiting; a server that is away is told of elsewhere.
                if (error instanceof ApiError && error.status > 0) count.value = 0;
            },
        );
        return () => controller.abort();
    }, [version, who]);
}
