// Arriving at another screen by keyboard: what had the focus went with the screen before, or lies in the navigation, where Enter would
// lead here once more. The heading takes it, so that its name is read and the next Tab is the screen's own.
import { useEffect, useRef } from "preact/hooks";
import { title } from "../router/title";

export function useArrival(): void {
    const name = title.value;
    const came = useRef("");
    useEffect(() => {
        const first = came.current === "";
        came.current = name;
        if (first) return;
        const had = document.activeElement;
        if (had && had !== document.body && !had.closest(".rail")) return;
        const heading = document.querySelector<HTMLElement>("main h1");
        if (!heading) return;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
    }, [name]);
}
