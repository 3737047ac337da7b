// How the incident itself changed, by whom, and the documents that say so.
import { ask } from "../api/client";
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { setParams } from "../router/router";
import { formatCount } from "../state/time";
import { Time } from "../ui/parts";
import { Loaded } from "../ui/states";
import { changed } from "./change";

export function ActivityTab({ incident }: { incident: IncidentDetail }) {
    const activity = useAsk("incident_activity", { id: incident.id }, seq.value);
    return (
        <div class="overview">
            <section class="card" aria-label="Changes">
                <div class="card-head">
                    <h2>Changes</h2>
                    <span class="faint small">newest first</span>
                </div>
                <Loaded of={activity} rows={3}>
                    {(data) => (
                        <ul class="moments padded-list">
                            {data.value.map((change) => (
                                <li key={change.change}>
                                    <span class="line">
                                        <Time at={change.time} />
                                        <strong>{change.actor}</strong>
                                        <span class="tag">{change.action}</span>
                                        <span class="grow" />
                                        <button
                                            type="button"
                                            class="button quiet small"
                                            title="Shows the incident as it was known then"
                                            onClick={() => setParams({ asof: change.time })}
                                        >
                                            As of then
                                        </button>
                                        {change.action !== "source" && change.action !== "create" && (
                                            <button
                                                type="button"
                                                class="button quiet small"
                                                onClick={() =>
                                                    void changed(ask("undo_change", { change: String(change.change) }), "Taken back")
                                                }
                                            >
                                                Undo
                                            </button>
                                        )}
                                    </span>
                                    {change.fields.map((field) => (
                                        <span key={field.field} class="wrap small">
                                            <span class="faint">{field.field}</span> {said(field.before)} <span class="faint">to</span>{" "}
                                            {said(field.after)}
                                        </span>
                                    ))}
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
                <ul class="moments padded-list">
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

const SAID_CHARS_MAX = 200;

/** A value of a field on one line. */
export function said(value: unknown): string {
    if (value === null || value === undefined || value === "") return "nothing";
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return text.length > SAID_CHARS_MAX ? `${text.slice(0, SAID_CHARS_MAX)}…` : text;
}
