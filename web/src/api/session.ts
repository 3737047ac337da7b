// Who asks: the token that every request carries, kept as long as the tab is open, and whether the server wants one.
import { signal } from "@preact/signals";

const NAME = "clew.token";

/** Tokens that a header can hold. */
const TOKEN = /^[\x21-\x7e]+$/;

function kept(): string {
    try {
        return globalThis.sessionStorage?.getItem(NAME) ?? "";
    } catch {
        return "";
    }
}

/** The token; empty where nobody signed in. */
export const token = signal(kept());

/** What the server said when it last refused a request for want of a token; empty while it takes requests. */
export const refusal = signal("");

/** Keeps a token for this tab, or forgets it. Gives whether it can be one. */
export function setToken(text: string): boolean {
    const value = text.trim();
    if (value !== "" && !TOKEN.test(value)) return false;
    token.value = value;
    try {
        if (value) globalThis.sessionStorage?.setItem(NAME, value);
        else globalThis.sessionStorage?.removeItem(NAME);
    } catch {
        // Without storage the token lasts as long as the page.
    }
    return true;
}
