// What happened to the nodes of a graph: alerts and changes whole, events as far as a page holds, with what was left out.
import { type Answer, ask, type Params } from "../api/client";
import { type Item, readItems } from "./model";

export interface Happenings {
    readonly items: readonly Item[];
    readonly undated: number;
    /** Dated events that match in all, and how many of them are here. */
    readonly events: { readonly total: number; readonly shown: number };
    /** The window that the events were cut to, because there are more than a page holds. */
    readonly cut?: readonly [number, number];
    /** Entities whose events were not asked for, because an address holds only so many. */
    readonly unasked: number;
}

export const NOTHING: Happenings = { items: [], undated: 0, events: { total: 0, shown: 0 }, unasked: 0 };

const RECORDS_MAX = 2_000;
const EVENTS_MAX = 1_500;
/** Characters of names that one question carries: servers on the way refuse longer addresses. */
const NAMES_CHARS_MAX = 7_000;
const HOUR = 3_600_000;

/** Kinds that are found on every machine bring no events unless asked for by name. */
const COMMON = new Set(["file", "filehash", "registry-key", "registry-value", "malware", "azure-resource", "host-logon-session"]);
/** Kinds that events name most. */
const TELLING = ["host", "account", "ip", "process", "url", "dns"];

/** Which nodes a timeline is asked about: entities first, so that an event names the entity and not the incident around it. */
export function askedNodes(entities: readonly { id: string; kind: string; degree: number; inside: boolean }[], roots: readonly string[]) {
    const rank = (kind: string) => (TELLING.indexOf(kind) + TELLING.length + 1) % (TELLING.length + 1);
    const fit = entities
        .filter((node) => node.kind !== "alert" && node.kind !== "incident" && !COMMON.has(node.kind))
        .sort(
            (a, b) => Number(b.inside) - Number(a.inside) || rank(a.kind) - rank(b.kind) || b.degree - a.degree || (a.id < b.id ? -1 : 1),
        );
    const names: string[] = [];
    let length = roots.reduce((sum, id) => sum + encodeURIComponent(id).length + 4, 0);
    for (const { id } of fit) {
        length += encodeURIComponent(id).length + 4;
        if (length > NAMES_CHARS_MAX) break;
        names.push(id);
    }
    return { of: [...names, ...roots], unasked: fit.length - names.length };
}

/** What a timeline is asked. */
export interface Asked {
    readonly of: readonly string[];
    /** Incidents and alerts whose own story is told. */
    readonly records: readonly string[];
    readonly unasked: number;
    /** Where events are looked for when there are too many of them. */
    readonly span?: readonly [number, number] | undefined;
}

/** What is asked of the API: alerts and changes of the records, events of all. */
export function requests({ of, records }: Asked, asOf: string | undefined) {
    const then = asOf ? { as_of: asOf } : {};
    return [
        { ...then, of: [...records], kind: ["alert", "incident", "status", "automation"], limit: RECORDS_MAX },
        { ...then, of: [...of], kind: ["event"], limit: EVENTS_MAX },
    ] satisfies [Params<"timeline">, Params<"timeline">];
}

/** Asks what happened; with `asOf` by what was known then. */
export async function happenings(asked: Asked, asOf: string | undefined, signal: AbortSignal): Promise<Happenings> {
    const { span, unasked } = asked;
    const [ofRecords, ofEvents] = requests(asked, asOf);
    const [told, events] = await Promise.all([ask("timeline", { ...ofRecords }, { signal }), ask("timeline", { ...ofEvents }, { signal })]);
    const total = events.counts.event ?? events.value.length;
    let shown = events;
    let cut: readonly [number, number] | undefined;
    if (!events.complete && span) {
        const pad = Math.max(HOUR, (span[1] - span[0]) * 0.05);
        cut = [span[0] - pad, span[1] + pad];
        const [from, to] = cut.map((time) => new Date(time).toISOString()) as [string, string];
        shown = await ask("timeline", { ...ofEvents, from, to }, { signal });
    }
    return together(told, shown, total, cut, unasked);
}

function together(
    records: Answer<"timeline">,
    events: Answer<"timeline">,
    total: number,
    cut: readonly [number, number] | undefined,
    unasked: number,
): Happenings {
    return {
        items: readItems([...records.value, ...events.value]),
        undated: records.undated.length + events.undated.length,
        events: { total, shown: events.value.length },
        ...(cut ? { cut } : {}),
        unasked,
    };
}
