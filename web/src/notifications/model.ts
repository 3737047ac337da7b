// What the server tells a person of, read from its answers: what it leaves out is empty here, and what it says leads nowhere but into the page.
import type { IconName } from "../ui/icons";

export interface Notification {
    readonly id: string;
    readonly kind: string;
    readonly time: string;
    readonly read: boolean;
    /** Who did it; empty where a source or the server itself did. */
    readonly actor: string;
    readonly number: number | undefined;
    readonly title: string;
    readonly severity: string;
    /** What happened, in a few words. */
    readonly text: string;
    /** Address in the page. */
    readonly page: string;
}

export interface NotificationPage {
    readonly value: readonly Notification[];
    /** All that the person has not read, whatever of them is on this page. */
    readonly unread: number;
    readonly cursor: string | null;
    /** From when on all are kept; empty where none is gone. */
    readonly since: string;
}

/** What is told, by somebody's choice: what they did not choose is empty. */
export interface Told {
    readonly kinds: readonly string[] | undefined;
    /** The lowest severity of new incidents and alerts. */
    readonly severity: string;
}

/** What a person chose. */
export interface Choice extends Told {
    /** Further names that mean the person. */
    readonly names: readonly string[];
}

export interface NotificationSettings {
    readonly chosen: Choice;
    /** Every name that means the person. */
    readonly you: readonly string[];
}

/** The kinds: what they are called, their sign, and when one comes. */
export const kinds: readonly (readonly [id: string, label: string, icon: IconName, when: string])[] = [
    ["mentioned", "Mentions", "note", "Somebody names you in a comment or a task"],
    ["assigned", "Given to you", "user", "An incident or an alert is given to you or to your group"],
    ["changed", "Changes of yours", "edit", "Somebody else changes what you own"],
    ["incident", "New incidents", "incident", "An incident is grave enough, as it comes in or is raised"],
    ["alert", "New alerts", "alert", "An alert comes in that is grave enough"],
    ["rule", "Rules", "bolt", "An automation rule has something to tell you"],
    ["failed", "Failures", "pulse", "A webhook is given up, an export fails, an ingest breaks off"],
];

/** The sign of a kind, and of those that a newer server may have. */
export function signOf(kind: string): IconName {
    return kinds.find(([id]) => id === kind)?.[2] ?? "bell";
}

const record = (value: unknown) => (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
const text = (value: unknown) => (typeof value === "string" ? value : "");
const texts = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);

/** An address of this page; what would lead elsewhere leads to the queue. */
function inside(address: string): string {
    return /^\/(?![/\\])/.test(address) ? address : "/incidents";
}

function readOne(value: unknown): Notification {
    const one = record(value);
    return {
        id: text(one.id),
        kind: text(one.kind),
        time: text(one.time),
        read: one.read === true,
        actor: text(one.actor),
        number: typeof one.number === "number" ? one.number : undefined,
        title: text(one.title),
        severity: text(one.severity),
        text: text(one.text),
        page: inside(text(one.page)),
    };
}

export function readPage(value: unknown): NotificationPage {
    const page = record(value);
    return {
        value: (Array.isArray(page.value) ? page.value : []).map(readOne),
        unread: typeof page.unread === "number" ? page.unread : 0,
        cursor: text(page.cursor) || null,
        since: text(page.since),
    };
}

export function readTold(value: unknown): Told {
    const told = record(value);
    return { kinds: Array.isArray(told.kinds) ? texts(told.kinds) : undefined, severity: text(told.severity) };
}

export function readSettings(value: unknown): NotificationSettings {
    const { chosen, you } = record(value);
    return { chosen: { ...readTold(chosen), names: texts(record(chosen).names) }, you: texts(you) };
}

/** A choice as the server takes it: what is not in it holds as it does for everybody. */
export function writeTold<T extends Told>({ kinds, severity, ...rest }: T): Record<string, unknown> {
    return { ...(kinds ? { kinds } : {}), ...(severity ? { severity } : {}), ...rest };
}

/** What holds where nobody chose anything. */
export const USUAL = { kinds: kinds.map(([id]) => id), severity: "High" } as const;

/** A choice, and what it leaves open from whoever chose before. */
export function over(told: Told, below: { kinds: readonly string[]; severity: string }): { kinds: readonly string[]; severity: string } {
    return { kinds: told.kinds ?? below.kinds, severity: told.severity || below.severity };
}
