// Everything that a report of an incident tells: asked of the API, to its end.
import { type Answer, ask } from "../api/client";
import type { Activity, IncidentDetail, TimelineItem } from "../api/types";

export interface Collected {
    readonly incident: IncidentDetail;
    readonly alerts: readonly Answer<"alert">[];
    readonly timeline: readonly TimelineItem[];
    /** Items of the timeline beyond those that the report shows. */
    readonly more: number;
    readonly activity: readonly Activity[];
    readonly similar: Answer<"similar">["value"];
    /** The graph as an SVG document; empty where it could not be drawn. */
    readonly graph: string;
    readonly made: string;
}

/** Raw events that a report shows; alerts and changes are all shown. */
const EVENTS_MAX = 400;
const PAGE = 2_000;
/** Alerts that are told one by one. */
const ALERTS_MAX = 200;
const AT_ONCE = 6;

async function records(of: string, signal: AbortSignal): Promise<TimelineItem[]> {
    const items: TimelineItem[] = [];
    for (let cursor: string | undefined; ; ) {
        const params = { of: [of], kind: ["alert", "incident", "status"], limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
        const page = await ask("timeline", params, { signal });
        items.push(...page.value);
        if (!page.cursor) return items;
        cursor = page.cursor;
    }
}

/** Runs `each` over all, some at a time, in order. */
async function inTurn<A, B>(all: readonly A[], each: (one: A) => Promise<B>): Promise<B[]> {
    const found: B[] = [];
    let next = 0;
    const worker = async () => {
        for (let at = next; at < all.length; at = next) {
            next += 1;
            found[at] = await each(all[at] as A);
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return found;
}

/** Asks for all of it. `draw` makes the picture of the graph. */
export async function collect(id: string, draw: (node: string) => Promise<string>, signal: AbortSignal): Promise<Collected> {
    const incident = await ask("incident", { id }, { signal });
    const node = `incident:${incident.id}`;
    const [told, events, activity, similar, graph, alerts] = await Promise.all([
        records(node, signal),
        ask("timeline", { of: [node], kind: ["event"], limit: EVENTS_MAX }, { signal }),
        ask("incident_activity", { id: incident.id }, { signal }),
        ask("similar", { incident: incident.id, limit: 5 }, { signal }),
        draw(node).catch(() => ""),
        inTurn(incident.alerts_list.slice(0, ALERTS_MAX), (alert) => ask("alert", { id: alert.id }, { signal })),
    ]);
    const timeline = [...told, ...events.value].sort((a, b) => (a.time ?? "").localeCompare(b.time ?? ""));
    const total = events.counts.event ?? events.value.length;
    return {
        incident,
        alerts,
        timeline,
        more: total - events.value.length,
        activity: activity.value,
        similar: similar.value,
        graph,
        made: new Date().toISOString(),
    };
}
