// What the person at the desk may do. The server decides; the page only leaves out what it would refuse.
import { effect, signal } from "@preact/signals";
import { askNamed, offered } from "../api/client";
import { refusal, token } from "../api/session";

/** A right that roles give. */
export type Right = "read" | "respond" | "contribute" | "ingest" | "administer";

/** The rights of the present session; nothing as long as nobody said. */
const rights = signal<readonly string[] | undefined>(undefined);
/** Its roles. */
const roles = signal<readonly string[]>([]);

/** Who has a right, for those who have not. */
const WHO: Record<Right, string> = {
    read: "readers look",
    respond: "responders, contributors and administrators work on incidents and alerts",
    contribute: "contributors and administrators define what holds for everybody",
    ingest: "contributors, administrators and keys that send data give exports",
    administer: "only administrators change this",
};

async function load(): Promise<void> {
    try {
        const who = (await askNamed("whoami", {})) as { rights?: unknown; roles?: unknown };
        roles.value = Array.isArray(who.roles) ? who.roles.map(String) : [];
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

/** Why something may not be done here. */
export function whyNot(right: Right): string {
    const own = roles.value.length > 0 ? `You are ${roles.value.join(" and ")} here` : "Not with your role";
    return `${own}: ${WHO[right]}`;
}
