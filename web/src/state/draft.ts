// Texts that were begun and not sent: they outlast another tab of the incident, a reload and a new sign-in, in this tab of the browser alone.
const PREFIX = "clew.draft ";

/** What was begun under a name; empty where nothing was. */
export function draft(name: string): string {
    try {
        return globalThis.sessionStorage?.getItem(PREFIX + name) ?? "";
    } catch {
        return "";
    }
}

/** Keeps what is begun; nothing is kept of an empty text. */
export function keepDraft(name: string, text: string): void {
    try {
        if (text) globalThis.sessionStorage?.setItem(PREFIX + name, text);
        else globalThis.sessionStorage?.removeItem(PREFIX + name);
    } catch {
        // Storage may be full or forbidden: the text then lasts as long as its field.
    }
}
