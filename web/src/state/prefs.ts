// What a person chooses for all screens: theme and time zone.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { oneOf, stored } from "./stored";

export type Theme = "system" | "dark" | "light";
/** UTC, or the zone of the browser. */
export type Zone = "utc" | "local";

export const theme = stored<Theme>("theme", "system", oneOf<Theme>("system", "dark", "light"));
export const zone = stored<Zone>("zone", "utc", oneOf<Zone>("utc", "local"));

/** Whether something holds of the system or the window now (`(max-width: 700px)`). */
export function holds(query: string): ReadonlySignal<boolean> {
    const media = typeof window === "undefined" ? null : window.matchMedia(query);
    const now = signal(media?.matches ?? false);
    media?.addEventListener("change", (event) => {
        now.value = event.matches;
    });
    return now;
}

const systemLight = holds("(prefers-color-scheme: light)");
/** Whether the system gives all colours (high contrast). */
const systemColours = holds("(forced-colors: active)");

/** Paper is white. */
const printing = signal(false);
if (typeof window !== "undefined") {
    window.addEventListener("beforeprint", () => {
        printing.value = true;
    });
    window.addEventListener("afterprint", () => {
        printing.value = false;
    });
}

/** The theme in force. */
export const activeTheme = computed<"dark" | "light">(() => {
    if (printing.value) return "light";
    if (theme.value !== "system" && !systemColours.value) return theme.value;
    return systemLight.value ? "light" : "dark";
});

/** What every colour follows from: canvas views read theirs anew when it changes. */
export const colours = computed(() => `${activeTheme.value} ${systemColours.value}`);

if (typeof document !== "undefined") {
    effect(() => {
        document.documentElement.dataset.theme = activeTheme.value;
    });
}

/** Name of the browser's own zone, `Europe/Zurich`. */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
