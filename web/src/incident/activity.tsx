// How the incident itself changed, by whom, and the documents that say so.
import { Needs } from "../access/needs";
import { address, ask, offered } from "../api/client";
import { useAsk } from "../api/resource";
import type { FieldChange, IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { ProposalsOf } from "../proposals/ofincident";
import { past, setParams } from "../router/router";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { Time } from "../ui/parts";
import { asked } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { changed } from "./change";

export function ActivityTab({ incident }: { incident: IncidentDetail }) {
    const activity = useAsk("incident_activity", { id: incident.id }, seq.value);
    return (
        <div class="overview">
            {!past.value && offered("proposals") && <ProposalsOf incident={incident} />}
            <section class="card" aria-label="Changes">
                <div class="card-head">
                    <h2>Changes</h2>
                    <span class="faint small">newest first</span>
                </div>
                <Loaded of={activity} rows={3}>
                    {(data) => (
                        <ul
                            class="moments padded-list"
                            {...asked({
                                of: "Changes",
                                lang: "request",
                                text: requestText(address("incident_activity", { id: incident.id })),
                            })}
                        >
                            {data.value.map((change) => (
                                <li key={change.change}>
                                    <span class="line">
                                        <Time at={change.time} />
                                        <strong>{change.actor}</strong>
                                        <span class="tag">{deeds[change.action] ?? change.action}</span>
                                        {change.proposed_by && <span class="faint small">as {change.proposed_by} proposed</span>}
                                        <span class="grow" />
                                        <button
                                            type="button"
                                            class="button quiet small"
                                            title="Shows the incident as it was known then"
                                            onClick={() => setParams({ asof: change.time })}
                                        >
                                            As of then
                                        </button>
                                        {!past.value && undoable(change.action) && (
                                            <Needs right="respond">
                                                <button
                                                    type="button"
                                                    class="button quiet small"
                                                    onClick={() =>
                                                        void changed(ask("undo_change", { change: String(change.change) }), "Taken back")
                                                    }
                                                >
                                                    Undo
                                                </button>
                                            </Needs>
                                        )}
                                    </span>
                                    {change.comment && <span class="wrap small told">{change.comment}</span>}
                                    <Fields of={change.fields} folded={change.action === "source"} />
                                </li>
                            ))}
                        </ul>
                    )}
                </Loaded>
            </section>
            <section class="card" aria-label="Versions">
                <div class="card-head">
                    <h2>Versions</h2>
                    <span class="faint small">each document that says something about the incident</span>
                </div>
                <ul class="moments padded-list" data-plain>
                    {[...incident.versions].reverse().map((version) => (
                        <li key={version.seq}>
                            <Time at={version.modified ?? version.received} />
                            <span class="line">
                                <span class="wrap">
                                    {version.source}, line {formatCount(version.line)}
                                </span>
                                {version.current && <span class="tag good">current</span>}
                                {version.partial && <span class="tag">partial</span>}
                            </span>
                            <span class="faint small">
                                document {formatCount(version.seq)}, received <Time at={version.received} />
                            </span>
                        </li>
                    ))}
                </ul>
            </section>
        </div>
    );
}

/** Steps whose names are no words. */
const deeds: Record<string, string> = { "proposal.made": "proposed a change", "proposal.rejected": "rejected a proposal" };

/** Whether a step changed something that people can take back. */
const undoable = (action: string) => action !== "source" && action !== "create" && !(action in deeds);

/** What changed. What a source says of a whole incident is folded: little of it is news. */
function Fields({ of, folded }: { of: readonly FieldChange[]; folded: boolean }) {
    const lines = of.flatMap(told).map((line, index) => (
        <span key={index} class="wrap small told">
            <span class="faint">{line.field}</span> {line.before}
            {line.before && <span class="faint"> to </span>}
            {line.after}
        </span>
    ));
    if (!folded || lines.length <= FOLDED_FROM) return <>{lines}</>;
    return (
        <details>
            <summary class="muted small">{formatCount(lines.length)} fields, as the source gave them</summary>
            {lines}
        </details>
    );
}

const FOLDED_FROM = 4;

/** One line about a change: what was, and what is. */
export interface Told {
    field: string;
    before: string;
    after: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const records = (value: unknown) => (Array.isArray(value) && value.length > 0 && value.every(isRecord) ? value : undefined);
const keyOf = (one: Record<string, unknown>, at: number) => String(one.id ?? one.Id ?? at);
const gist = (one: Record<string, unknown>) => said(one.message ?? one.title ?? one.name ?? one);

/** A changed field in words. Of lists only what came, went or was rewritten is told. */
export function told({ field, before, after }: FieldChange): Told[] {
    const [old, now] = [records(before), records(after)];
    if (!old && !now) return [{ field, before: before === null || before === undefined ? "" : said(before), after: said(after) }];
    const was = new Map((old ?? []).map((one, at) => [keyOf(one, at), one]));
    const is = new Map((now ?? []).map((one, at) => [keyOf(one, at), one]));
    const lines: Told[] = [];
    for (const [key, one] of is) {
        const earlier = was.get(key);
        if (!earlier) lines.push({ field: `${field} +`, before: "", after: gist(one) });
        else if (JSON.stringify(earlier) !== JSON.stringify(one)) lines.push(...rewritten(field, earlier, one));
    }
    for (const [key, one] of was) if (!is.has(key)) lines.push({ field: `${field} \u2212`, before: "", after: gist(one) });
    return lines;
}

/** The members of an item that have another value; times of the change itself say nothing. */
function rewritten(field: string, before: Record<string, unknown>, after: Record<string, unknown>): Told[] {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (name) => name !== "modified" && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    return names.map((name) => ({ field: `${field}: ${name}`, before: said(before[name]), after: said(after[name]) }));
}

const SAID_CHARS_MAX = 200;

/** A value of a field on one line. */
export function said(value: unknown): string {
    if (value === null || value === undefined || value === "") return "nothing";
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return text.length > SAID_CHARS_MAX ? `${text.slice(0, SAID_CHARS_MAX)}…` : text;
}
