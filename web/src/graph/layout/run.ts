// Runs a layout in slices between frames, so that pointer and keys stay quick however large the picture is.
import type { Layout, Placed } from "./layout";

const SLICE_MS = 7;

/** A layout under way. */
export interface Running {
    readonly done: Promise<Placed | undefined>;
    cancel(): void;
}

/** Works at `layout` for some milliseconds at a time. A cancelled one ends with nothing. */
export function runInSlices(layout: Layout, now: () => number = () => performance.now(), later: (run: () => void) => void = soon): Running {
    let cancelled = false;
    const done = new Promise<Placed | undefined>((resolve, reject) => {
        const work = () => {
            try {
                const until = now() + SLICE_MS;
                do {
                    if (cancelled) return resolve(undefined);
                    const step = layout.next();
                    if (step.done) return resolve(step.value);
                } while (now() < until);
                later(work);
            } catch (error) {
                reject(error);
            }
        };
        work();
    });
    return {
        done,
        cancel: () => {
            cancelled = true;
        },
    };
}

/** Behind what already waits: input and drawing go first. A timer would be slowed down by the browser. */
function soon(run: () => void): void {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        channel.port1.close();
        run();
    };
    channel.port2.postMessage(null);
}
