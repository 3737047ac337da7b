// What an incident is about, at a glance. Every part leads to the tab that shows it in full.

import { Fragment } from "preact";
import { group, type Repeats } from "../alerts/model";
import { address } from "../api/client";
import { useAsk } from "../api/resource";
import type { AlertRow, IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { href, incidentHref, past } from "../router/router";
import { alertsWith, relationsOf, requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { breakable, kindLabel, severities, spaced, tactics } from "../ui/kinds";
import { NodeLink, Severity, Time } from "../ui/parts";
import { asked, Count, ShowQuery } from "../ui/showquery";
import { Failure } from "../ui/states";
import { alertsQuestion, entitiesQuestion, incidentQuestion } from "./asked";
import { Histogram } from "./histogram";
import { Scope, scopesOf } from "./scope";
import { Similar } from "./similar";

const ENTITIES_SHOWN = 9;
const GROUPS_SHOWN = 8;
const BUCKETS = 72;

export function Overview({ incident }: { incident: IncidentDetail }) {
    return (
        <div class="overview">
            <TacticStrip incident={incident} />
            <TimelineStrip incident={incident} />
            <div class="overview-columns">
                <div class="overview-column">
                    <TopAlerts incident={incident} />
                    <Similar incident={incident} />
                </div>
                <div class="overview-column">
                    <TopEntities incident={incident} />
                    <Reasons incident={incident} />
                </div>
            </div>
        </div>
    );
}

/** How many alerts of the incident name each tactic. */
export function tacticCounts(incidentTactics: readonly string[], alerts: readonly AlertRow[]): Map<string, number> {
    const counts = new Map<string, number>(incidentTactics.map((tactic) => [tactic, 0]));
    for (const alert of alerts) for (const tactic of alert.tactics) counts.set(tactic, (counts.get(tactic) ?? 0) + 1);
    return counts;
}

function TacticStrip({ incident }: { incident: IncidentDetail }) {
    const counts = tacticCounts(incident.tactics, incident.alerts_list);
    if (counts.size === 0) {
        return (
            <section class="card" aria-label="Tactics">
                <p class="tactics-none faint small">No alert of this incident names a tactic.</p>
            </section>
        );
    }
    const others = [...counts.keys()].filter((tactic) => !tactics.some((known) => known === tactic));
    return (
        <section class="card" aria-label="Tactics">
            <ol class="tactics">
                {[...tactics, ...others].map((tactic) => {
                    const alerts = counts.get(tactic);
                    const inner = (
                        <>
                            <TacticName of={tactic} />
                            <span
                                class="tactic-count number"
                                {...asked(alertsQuestion(incident.id, `Alerts with ${spaced(tactic)}`, alertsWith.tactic(tactic)))}
                            >
                                {alerts === undefined ? "" : formatCount(alerts)}
                            </span>
                        </>
                    );
                    return (
                        <li key={tactic} class={alerts === undefined ? "tactic" : "tactic seen"}>
                            {alerts === undefined ? (
                                <span title={`No alert with ${spaced(tactic)}`}>{inner}</span>
                            ) : (
                                <a
                                    href={href(incidentHref(incident, "alerts"), { tactic })}
                                    title={`${formatCount(alerts)} alerts with ${spaced(tactic)}`}
                                >
                                    {inner}
                                </a>
                            )}
                        </li>
                    );
                })}
            </ol>
        </section>
    );
}

/** A name in a narrow place: it breaks between words, and inside a word only where that is wider than its place. */
function TacticName({ of }: { of: string }) {
    return (
        <span>
            {breakable(of).map((word, index) => (
                <Fragment key={word}>
                    {index > 0 && " "}
                    <span class="tactic-word">{word}</span>
                </Fragment>
            ))}
        </span>
    );
}

function TimelineStrip({ incident }: { incident: IncidentDetail }) {
    const asking = { of: [`incident:${incident.id}`], buckets: BUCKETS, ...(past.value ? { as_of: past.value } : {}) };
    const timeline = useAsk("timeline", { ...asking, limit: 1 }, seq.value);
    const data = timeline.data;
    return (
        <section class="card" aria-label="Activity over time">
            <div class="card-head">
                <h2>Activity</h2>
                <span class="faint small">
                    {data?.first && (
                        <>
                            <Time at={data.first} style="minute" /> to <Time at={data.last} style="minute" />
                        </>
                    )}
                </span>
                <span class="grow" />
                <ul class="legend" {...asked({ of: "Activity", lang: "request", text: requestText(address("timeline", asking)) })}>
                    {Object.entries(data?.counts ?? {})
                        .filter(([, value]) => value > 0)
                        .map(([kind, value]) => (
                            <li key={kind}>
                                <i class={`dot mark-${kind}`} /> {kindLabel(kind)} <span class="faint number">{formatCount(value)}</span>
                            </li>
                        ))}
                </ul>
                <ShowQuery of="Activity" lang="request" text={requestText(address("timeline", asking))} />
                <a href={incidentHref(incident, "timeline")}>Timeline</a>
            </div>
            {timeline.error !== undefined && <Failure error={timeline.error} retry={timeline.reload} />}
            {(data || timeline.loading) && <Histogram buckets={data?.buckets ?? []} loading={timeline.loading} />}
        </section>
    );
}

function TopAlerts({ incident }: { incident: IncidentDetail }) {
    const groups = new Map<string, Repeats>();
    group(incident.alerts_list, groups);
    const rank = (name: string) => severities.findIndex((severity) => severity === name);
    const top = [...groups.values()].sort((a, b) => rank(a.severity) - rank(b.severity) || b.count - a.count);
    return (
        <section class="card" aria-label="Alerts">
            <div class="card-head">
                <h2>Alerts</h2>
                <span class="faint number" {...asked(alertsQuestion(incident.id))}>
                    {formatCount(incident.alerts)}
                </span>
                <ShowQuery {...alertsQuestion(incident.id)} right={false} />
                <span class="grow" />
                <a href={incidentHref(incident, "alerts")}>All alerts</a>
            </div>
            <ul class="rows">
                {top.slice(0, GROUPS_SHOWN).map((one) => (
                    <li key={`${one.severity}${one.product}${one.title}`}>
                        <a class="alert-line" href={href(incidentHref(incident, "alerts"), { title: one.title })} title={one.title}>
                            <Severity name={one.severity} compact />
                            <span class="clip grow">{one.title}</span>
                            {one.count > 1 && (
                                <span
                                    class="tag number"
                                    {...asked(
                                        alertsQuestion(incident.id, one.title, alertsWith.title(one.title, one.product, one.severity)),
                                    )}
                                >
                                    {formatCount(one.count)}
                                </span>
                            )}
                            <span class="faint">
                                <Time at={one.first} style="minute" />
                            </span>
                        </a>
                    </li>
                ))}
            </ul>
            {incident.alerts_missing.length > 0 && (
                <p class="notice card-note" {...asked(incidentQuestion(incident.id, "Alerts that are missing"))}>
                    {formatCount(incident.alerts_missing.length)} alerts that the incident lists were never given to clew.
                </p>
            )}
        </section>
    );
}

function TopEntities({ incident }: { incident: IncidentDetail }) {
    const scopes = scopesOf(incident.entities);
    return (
        <section class="card" aria-label="Entities">
            <div class="card-head">
                <h2>Entities</h2>
                <span class="faint number" {...asked(entitiesQuestion(incident.id))}>
                    {formatCount(incident.entities.length)}
                </span>
                <ShowQuery {...entitiesQuestion(incident.id)} right={false} />
                <span class="grow" />
                <a href={incidentHref(incident, "entities")}>All entities</a>
            </div>
            <ul class="rows">
                {incident.entities.slice(0, ENTITIES_SHOWN).map((entity) => (
                    <li key={entity.id} class="entity-line">
                        <NodeLink reference={entity.id} kind={entity.kind} label={entity.label} />
                        <Scope of={scopes.get(entity.id)} />
                        <span class="grow" />
                        <span class="faint number" title="Relations of the entity in the whole graph">
                            <Count count={entity.degree} of={`Relations of ${entity.label}`} text={relationsOf(entity.id)} /> relations
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

interface Reason {
    entity: string;
    earlier: string;
    later: string;
    gap_seconds: number;
}

const isReason = (value: unknown): value is Reason => {
    const reason = value as Partial<Reason> | null;
    return typeof reason?.entity === "string" && typeof reason.earlier === "string" && typeof reason.later === "string";
};

/** Entities by which correlation joined the alerts, with how many joins each made. */
export function reasonCounts(value: unknown): (readonly [string, number])[] {
    const counts = new Map<string, number>();
    for (const reason of Array.isArray(value) ? value.filter(isReason) : [])
        counts.set(reason.entity, (counts.get(reason.entity) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
}

function Reasons({ incident }: { incident: IncidentDetail }) {
    const reasons = reasonCounts(incident.extended.Reasons);
    if (reasons.length === 0) return null;
    return (
        <section class="card" aria-label="Why these alerts are together">
            <div class="card-head">
                <h2>Why together</h2>
                <span class="faint small">entities that joined the alerts</span>
            </div>
            <ul class="rows">
                {reasons.slice(0, GROUPS_SHOWN).map(([key, joins]) => (
                    <li key={key} class="entity-line">
                        <code class="clip grow" title={key}>
                            {key}
                        </code>
                        <span class="faint number" {...asked(incidentQuestion(incident.id, "Why together"))}>
                            {formatCount(joins)} {joins === 1 ? "join" : "joins"}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}
