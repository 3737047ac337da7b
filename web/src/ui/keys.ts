// The keyboard map: screens register what a key does while they are shown; `?` lists what is registered.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { mayDo, type Right, whyNot } from "../access/rights";
import { toast } from "./toast";

/** One line of the map. */
export interface KeyBinding {
    /** Keys that do the same: `j`, `ArrowDown`, `Ctrl+Enter`, `g q` (one after the other). */
    keys: string | readonly string[];
    label: string;
    run: (event: KeyboardEvent) => void;
    /** Whether it works while a text field has the focus. */
    inFields?: boolean;
    /** The right that it takes: without it the key says who could. */
    needs?: Right;
}

/** What a group belongs to: the page under every screen, a screen, or what lies over whatever screen is there. The upper is heard first. */
type Layer = "page" | "screen" | "over";
const layers: readonly Layer[] = ["page", "screen", "over"];
const rank = ({ layer = "screen" }: Group): number => layers.indexOf(layer);

export interface Group {
    title: string;
    bindings: readonly KeyBinding[];
    /** Whether it stands for a window over the page: as long as that is open, what lies below hears no key. */
    modal?: boolean;
    layer?: Layer;
}

/** What is registered, the newest group last. */
export const keyGroups = signal<readonly Group[]>([]);

/**
 * Registers `bindings` while the component is mounted. A later group goes before an earlier one of its layer.
 */
export function useKeys(title: string, bindings: readonly KeyBinding[], active = true, layer: Layer = "screen"): void {
    const current = useRef(bindings);
    current.current = bindings;
    const signature = bindings.map((binding) => `${binding.keys}|${binding.label}`).join("\n");
    // Before the next event, not after the next paint: whoever types fast presses the second key within one frame.
    useLayoutEffect(() => {
        if (!active) return;
        const group: Group = {
            title,
            bindings: current.current.map((binding, index) => ({ ...binding, run: (event) => current.current[index]?.run(event) })),
            layer,
        };
        keyGroups.value = [...keyGroups.peek(), group].sort((a, b) => rank(a) - rank(b));
        return () => {
            keyGroups.value = keyGroups.peek().filter((other) => other !== group);
        };
    }, [title, signature, active, layer]);
}

/** Keeps keys from the screen below as long as the component, a window over the page, is mounted. */
export function useModalKeys(title: string): void {
    useLayoutEffect(() => {
        const group: Group = { title, bindings: [], modal: true };
        keyGroups.value = [...keyGroups.peek(), group];
        return () => {
            keyGroups.value = keyGroups.peek().filter((other) => other !== group);
        };
    }, [title]);
}

/** `Ctrl+Shift+K`, `?`, `ArrowDown`: how a key event is written in the map. Shift shows only for named keys. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
    const name = event.key === " " ? "Space" : event.key;
    const parts: string[] = [];
    if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
    if (event.altKey) parts.push("Alt");
    if (event.shiftKey && (name.length > 1 || parts.length > 0)) parts.push("Shift");
    parts.push(parts.length > 0 && name.length === 1 ? name.toUpperCase() : name);
    return parts.join("+");
}

const shown: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Delete: "Del" };

/** The keys of a binding one by one, as people know them. */
export function keyNames(keys: string): string[] {
    return (keys.length > 1 ? keys.split(/[ +]/) : [keys]).map((key) => shown[key] ?? key);
}

/** What is heard now, the nearest group first: of bindings of one key, only the one that it runs. */
export function keysHeard(groups: readonly Group[]): Group[] {
    const taken = new Set<string>();
    return [...groups].reverse().flatMap((group) => {
        const bindings = group.bindings.flatMap((binding) => {
            const keys = [binding.keys].flat().filter((key) => !taken.has(key));
            for (const key of keys) taken.add(key);
            return keys.length > 0 ? [{ ...binding, keys }] : [];
        });
        return bindings.length > 0 ? [{ ...group, bindings }] : [];
    });
}

/** The binding that a key event means, given the key before it (for two-key sequences). */
export function findBinding(groups: readonly Group[], name: string, before: string, inField: boolean): KeyBinding | undefined {
    if (groups.some((group) => group.modal)) return undefined;
    const find = (wanted: string) => {
        for (let index = groups.length - 1; index >= 0; index -= 1) {
            const candidates = groups[index]?.bindings.filter((binding) => binding.inFields || !inField) ?? [];
            const found = candidates.find((binding) => [binding.keys].flat().includes(wanted));
            if (found) return found;
        }
        return undefined;
    };
    // Whoever began a pair means the pair, whatever its second key means alone in a nearer group.
    return (before ? find(`${before} ${name}`) : undefined) ?? find(name);
}

function inField(target: EventTarget | null): boolean {
    return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Whether a key begins a pair. */
function begins(groups: readonly Group[], name: string): boolean {
    return groups.some((group) => group.bindings.some((binding) => [binding.keys].flat().some((keys) => keys.startsWith(`${name} `))));
}

/** How long the first key of a pair waits for the second. */
const SEQUENCE_MS = 1_500;
/** How long a key that means something by itself as well waits for the second of a pair. */
const ALONE_MS = 450;
let before = "";
let beforeAt = 0;
/** A key that waits whether it is the first of a pair. */
let alone: { timer: ReturnType<typeof setTimeout>; run: () => void } | undefined;

/** Settles a key that waits: it was the first of a pair, or it means itself. */
function settle(paired: boolean): void {
    const waiting = alone;
    alone = undefined;
    if (!paired) before = "";
    clearTimeout(waiting?.timer);
    if (!paired) waiting?.run();
}

/** Does what a key means. The document names it, for tests of the keyboard map. */
function runBinding(binding: KeyBinding, event: KeyboardEvent): void {
    document.documentElement.dataset.key = binding.label;
    if (binding.needs && !mayDo(binding.needs)) toast(whyNot(binding.needs), { tone: "bad" });
    else binding.run(event);
}

/** Lets key events of the document run their bindings. */
export function listenToKeys(): void {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.isComposing) return;
        // Inside a shadow root (the editor) the event names the host; its path names the field.
        const field = inField(event.composedPath()[0] ?? event.target);
        const name = keyName(event);
        const prefix = event.timeStamp - beforeAt < SEQUENCE_MS ? before : "";
        let binding = findBinding(keyGroups.value, name, prefix, field);
        const paired = prefix !== "" && binding !== undefined && [binding.keys].flat().includes(`${prefix} ${name}`);
        if (alone && !/^(Shift|Control|Alt|Meta)$/.test(event.key)) {
            settle(paired);
            // What the key before did may have changed what this one means.
            if (!paired) binding = findBinding(keyGroups.value, name, "", field);
        }
        const both = !paired && binding !== undefined && !field && begins(keyGroups.value, name);
        before = field || (binding && !both) ? "" : name;
        beforeAt = event.timeStamp;
        // A focused button or link keeps Enter and Space for itself.
        const target = event.target;
        const own =
            (name === "Enter" || name === "Space") && target instanceof Element && target.closest("button, a[href], summary, [role=tab]");
        if (!binding || own) return;
        event.preventDefault();
        const meant = binding;
        if (both) {
            const run = () => runBinding(meant, event);
            alone = { run, timer: setTimeout(() => settle(false), ALONE_MS) };
        } else runBinding(meant, event);
    });
}
