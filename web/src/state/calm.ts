// Answers that cost something follow the data calmly: while they are on the screen, and not with every document that comes in.
import { useEffect, useRef, useState } from "preact/hooks";

/** How often what follows the data calmly is asked anew at the most. */
export const CALM_MS = 10_000;

/**
 * The version to ask for: the present one while `shown`, but the next one only `every` milliseconds after the one before. What is not
 * shown keeps the version that it had.
 */
export function useCalm<T>(version: T, shown: boolean, every = CALM_MS): T {
    const [adopted, setAdopted] = useState({ version, at: Date.now() });
    useEffect(() => {
        if (!shown || adopted.version === version) return;
        const wait = Math.max(0, waitUntil(adopted.at, Date.now(), every));
        const timer = setTimeout(() => setAdopted({ version, at: Date.now() }), wait);
        return () => clearTimeout(timer);
    }, [version, shown, adopted, every]);
    return adopted.version;
}

/** Milliseconds to wait at `now`, where the last answer was asked for at `last`; a clock that went back makes nobody wait for longer. */
export function waitUntil(last: number, now: number, every: number): number {
    return Math.min(every, last + every - now);
}

/** How far outside the window something counts as shown, so that it is there when it is scrolled to. */
const MARGIN = "160px";

/** Whether an element is on the screen, or was once: for what is asked for when it is first seen. */
export function useSeen<E extends Element>() {
    const element = useRef<E>(null);
    const [shown, setShown] = useState(false);
    const [seen, setSeen] = useState(false);
    useEffect(() => {
        const target = element.current;
        if (!target) return;
        const observer = new IntersectionObserver(
            (entries) => {
                const now = entries.at(-1)?.isIntersecting ?? false;
                setShown(now);
                if (now) setSeen(true);
            },
            { rootMargin: MARGIN },
        );
        observer.observe(target);
        return () => observer.disconnect();
    }, []);
    return { element, shown, seen };
}
