// Short messages at the foot of the page: what was done, with a way to take it back.
import { signal } from "@preact/signals";
import { Icon } from "./icons";

interface Toast {
    id: number;
    text: string;
    tone: "plain" | "bad";
    action?: { label: string; run: () => void } | undefined;
}

const SHOWN_MS = 6_000;
const SHOWN_MAX = 4;

const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Shows a message for a while. With `action` (mostly "Undo") it stays twice as long. */
export function toast(text: string, options: { tone?: "plain" | "bad"; action?: Toast["action"] } = {}): void {
    last += 1;
    const id = last;
    toasts.value = [...toasts.value, { id, text, tone: options.tone ?? "plain", action: options.action }].slice(-SHOWN_MAX);
    setTimeout(() => dismiss(id), options.action ? SHOWN_MS * 2 : SHOWN_MS);
}

function dismiss(id: number): void {
    toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Runs the action of the newest message that has one: what `Ctrl+Z` does outside the graph. */
export function undoNewest(): boolean {
    const newest = [...toasts.value].reverse().find((one) => one.action);
    if (!newest?.action) return false;
    newest.action.run();
    dismiss(newest.id);
    return true;
}

/** The place where messages appear. */
export function Toasts() {
    return (
        <div class="toasts" role="status" aria-live="polite">
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
