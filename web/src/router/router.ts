// The address bar is the state: a place is a path and parameters; every screen reads it from here and changes it here.
import { computed, signal } from "@preact/signals";

/** Where the page is. */
export interface Place {
    path: string;
    params: URLSearchParams;
    /** What stands behind `#`: state that is too long for a server. It belongs to the path. */
    fragment: string;
}

function read(): Place {
    if (typeof window === "undefined") return { path: "/", params: new URLSearchParams(), fragment: "" };
    const { pathname, search, hash } = window.location;
    return { path: pathname, params: new URLSearchParams(search), fragment: hash.slice(1) };
}

/** The present place. Reading `.value` in a component makes it follow. */
export const place = signal<Place>(read());

/** The parts of the path: `/incidents/5/graph` is `["incidents", "5", "graph"]`. */
export const segments = computed(() => place.value.path.split("/").filter(Boolean).map(decodeSegment));

function decodeSegment(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

type Values = Record<string, string | readonly string[] | number | null | undefined>;

/** An address inside the page. Lists repeat; empty values are left out. */
export function href(path: string, values: Values = {}): string {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) put(params, name, value);
    const text = params.toString();
    return text ? `${path}?${text}` : path;
}

function put(params: URLSearchParams, name: string, value: Values[string]): void {
    params.delete(name);
    if (value === null || value === undefined || value === "") return;
    if (Array.isArray(value)) for (const item of value) params.append(name, item);
    else params.set(name, String(value));
}

/** Goes to an address of the page; with `replace` the way back leads past the present place. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
    if (to === window.location.pathname + window.location.search + window.location.hash) return;
    if (options.replace) window.history.replaceState(null, "", to);
    else window.history.pushState(null, "", to);
    place.value = read();
}

/**
 * Changes parameters of the present place and keeps the others, and what stands behind `#` unless another `fragment` is given. Small
 * steps (`replace`) leave no trace in the history.
 */
export function setParams(values: Values, options: { replace?: boolean; fragment?: string } = {}): void {
    const params = new URLSearchParams(place.value.params);
    for (const [name, value] of Object.entries(values)) put(params, name, value);
    const text = params.toString();
    const fragment = options.fragment ?? window.location.hash.slice(1);
    navigate(window.location.pathname + (text ? `?${text}` : "") + (fragment ? `#${fragment}` : ""), options);
}

/** One value of the present place. */
export function param(name: string): string {
    return place.value.params.get(name) ?? "";
}

/** All values of a parameter of the present place. */
export function paramList(name: string): string[] {
    return place.value.params.getAll(name);
}

/** Whether the present place is the queue. */
export function atQueue(): boolean {
    const [section = "incidents", id] = segments.value;
    return section === "incidents" && id === undefined;
}

/** The instant of the past that the present incident is shown as of, if it is. Nothing of the past can be changed. */
export const past = computed(() => {
    const [section, id] = segments.value;
    return section === "incidents" && id !== undefined ? (place.value.params.get("asof") ?? "") : "";
});

/** Address of an incident, by number where it has one, with the tab to open. */
export function incidentHref(incident: { id: string; number?: number | null }, tab = ""): string {
    return `/incidents/${encodeURIComponent(incident.number ?? incident.id)}${tab ? `/${tab}` : ""}`;
}

/** Address of a node by its reference: incidents and alerts have screens, entities open in the entity screen. */
export function nodeHref(reference: string): string {
    if (reference.startsWith("incident:")) return `/incidents/${encodeURIComponent(reference.slice("incident:".length))}`;
    if (reference.startsWith("alert:")) return `/alerts/${encodeURIComponent(reference.slice("alert:".length))}`;
    return `/entities/${encodeURIComponent(reference)}`;
}

if (typeof window !== "undefined") {
    window.addEventListener("popstate", () => {
        place.value = read();
    });
    // A click on a link of the page stays in the page; with a modifier the browser does what it always does.
    document.addEventListener("click", (event) => {
        if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
        if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
        if (link.origin !== window.location.origin || /^\/(v1|docs|metrics)\b/.test(link.pathname)) return;
        event.preventDefault();
        navigate(link.pathname + link.search + link.hash);
    });
}
