// Arriving at another screen by keyboard: what had the focus went with the screen before, or lies in the navigation, where Enter would
// lead here once more. The heading takes it, so that its name is read and the next Tab is the screen's own.
import { useEffect, useRef } from "preact/hooks";
import { place } from "../router/router";
import { title } from "../router/title";

export function useArrival(): void {
    const name = title.value;
    const at = useRef(place.peek().path);
    useEffect(() => {
        const { path } = place.peek();
        const heading = document.querySelector<HTMLElement>("main h1");
        // The name of a screen may come after it, with what it shows.
        if (path === at.current || !heading) return;
        at.current = path;
        const had = document.activeElement;
        if (had && had !== document.body && !had.closest(".rail")) return;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
    }, [name]);
}
