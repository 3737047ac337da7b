// How the incident itself changed: its versions and the changes of status, newest first.
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { formatCount } from "../state/time";
import { Time } from "../ui/parts";
import { Loaded } from "../ui/states";

export function ActivityTab({ incident }: { incident: IncidentDetail }) {
    const changes = useAsk(
        "timeline",
        { of: [`incident:${incident.id}`], kind: ["incident", "status"], order: "newest", limit: 500 },
        seq.value,
    );
    return (
        <div class="overview">
            <section class="card" aria-label="Changes">
                <div class="card-head">
                    <h2>Changes</h2>
                </div>
                <Loaded of={changes} rows={3}>
                    {(data) => (
                        <ul class="moments padded-list">
                            {data.value.map((item, index) => (
                                <li key={`${item.seq}-${index}`}>
                                    <Time at={item.time} />
                                    <span class="wrap">{item.message}</span>
                                    <span class="faint small">
                                        {item.source}, document {formatCount(item.seq)}
                                    </span>
                                </li>
                            ))}
                            {data.value.length === 0 && <li class="muted">No change is known.</li>}
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
