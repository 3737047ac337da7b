// Short messages at the foot of the page: what was done, with a way to take it back.
import { signal } from "@preact/signals";
import { Icon } from "./icons";

interface Toast {
    id: number;
    text: string;
    tone: "plain" | "bad";
    action?: { label: string; run: () => void } | undefined;
}

const SHOWN_MS = 8_000;
/** One with something to do stays longer: whoever reads slowly still gets to it. */
const SHOWN_WITH_ACTION_MS = 20_000;
const SHOWN_MAX = 4;
/** What takes a change back is called so everywhere. */
const UNDO = "Undo";

const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Messages stay as long as the pointer or the focus is on one of them. */
let held = false;

/** Shows a message for a while. With `action` (mostly "Undo") it stays longer. */
export function toast(text: string, options: { tone?: "plain" | "bad"; action?: Toast["action"] } = {}): void {
    last += 1;
    const id = last;
    toasts.value = [...toasts.value, { id, text, tone: options.tone ?? "plain", action: options.action }].slice(-SHOWN_MAX);
    expire(id, options.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
}

function expire(id: number, after: number): void {
    setTimeout(() => (held ? expire(id, SHOWN_MS) : dismiss(id)), after);
}

function dismiss(id: number): void {
    toasts.value = toasts.value.filter((one) => one.id !== id);
    // What is gone no longer tells that the pointer or the focus leaves it.
    if (toasts.value.length === 0) held = false;
}

/** Takes back what the newest message that offers it tells of: what `Ctrl+Z` does outside the graph. */
export function undoNewest(): boolean {
    const newest = [...toasts.value].reverse().find((one) => one.action?.label === UNDO);
    if (!newest?.action) return false;
    newest.action.run();
    dismiss(newest.id);
    return true;
}

function hold(on: boolean): void {
    held = on;
}

/** The place where messages appear. */
export function Toasts() {
    return (
        <div
            class="toasts"
            role="status"
            aria-live="polite"
            onPointerEnter={() => hold(true)}
            onPointerLeave={() => hold(false)}
            onFocusIn={() => hold(true)}
            onFocusOut={() => hold(false)}
        >
            {toasts.value.map((one) => (
                <div key={one.id} class={`toast ${one.tone}`}>
                    <span class="grow">{one.text}</span>
                    {one.action && (
                        <button
                            type="button"
                            class="button small"
                            onClick={() => {
                                one.action?.run();
                                dismiss(one.id);
                            }}
                        >
                            {one.action.label}
                        </button>
                    )}
                    <button type="button" class="button quiet icon small" aria-label="Dismiss" onClick={() => dismiss(one.id)}>
                        <Icon name="close" />
                    </button>
                </div>
            ))}
        </div>
    );
}

/** Puts text on the clipboard and says so. */
export async function copyText(text: string, what: string): Promise<void> {
    try {
        await navigator.clipboard.writeText(text);
        toast(`${what} copied`);
    } catch {
        toast("The browser refused access to the clipboard", { tone: "bad" });
    }
}
