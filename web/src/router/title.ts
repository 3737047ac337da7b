// The name of the screen: the browser's tab and history show it, assistive technology reads it.
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

/** What the present screen is called. */
export const title = signal("");

/** Names the screen whose component calls this. */
export function useTitle(name: string): void {
    useLayoutEffect(() => {
        title.value = name;
        document.title = name ? `${name} · clew` : "clew";
    }, [name]);
}
