// What a person chooses for all screens: theme and time zone.
import { computed, effect, signal } from "@preact/signals";
import { oneOf, stored } from "./stored";

export type Theme = "system" | "dark" | "light";
/** UTC, or the zone of the browser. */
export type Zone = "utc" | "local";

export const theme = stored<Theme>("theme", "system", oneOf<Theme>("system", "dark", "light"));
export const zone = stored<Zone>("zone", "utc", oneOf<Zone>("utc", "local"));

const prefersLight = typeof window === "undefined" ? null : window.matchMedia("(prefers-color-scheme: light)");
const systemLight = signal(prefersLight?.matches ?? false);
prefersLight?.addEventListener("change", (event) => {
    systemLight.value = event.matches;
});

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

/** The theme in force. Canvas views read their colours anew when it changes. */
export const activeTheme = computed<"dark" | "light">(() => {
    if (printing.value) return "light";
    if (theme.value !== "system") return theme.value;
    return systemLight.value ? "light" : "dark";
});

if (typeof document !== "undefined") {
    effect(() => {
        document.documentElement.dataset.theme = activeTheme.value;
    });
}

/** Name of the browser's own zone, `Europe/Zurich`. */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
