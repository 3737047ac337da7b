// What the person at the desk may do. The server decides; the page only leaves out what it would refuse.
import { effect, signal } from "@preact/signals";
import { askNamed, offered } from "../api/client";
import { refusal, token } from "../api/session";

/** A right that roles give. */
export type Right = "read" | "respond" | "contribute" | "ingest" | "administer";

/** The rights of the present session; nothing as long as nobody said. */
const rights = signal<readonly string[] | undefined>(undefined);

async function load(): Promise<void> {
    try {
        const who = (await askNamed("whoami", {})) as { rights?: unknown };
        rights.value = Array.isArray(who.rights) ? who.rights.map(String) : undefined;
    } catch {
        rights.value = undefined;
    }
}

/** Follows who is signed in. Gives what ends it. */
export function followRights(): () => void {
    return effect(() => {
        void token.value;
        if (refusal.value === "" && offered("whoami")) void load();
        else rights.value = undefined;
    });
}

/** Whether something may be done here, as far as is known: as long as nobody said otherwise, it is offered. */
export function mayDo(right: Right): boolean {
    return rights.value?.includes(right) ?? true;
}
