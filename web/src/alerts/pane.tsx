// One alert beside a list: what it says, the entities it names, its document.

import { useState } from "preact/hooks";
import { address, askText, errorDetail } from "../api/client";
import { useAsk } from "../api/resource";
import type { AlertDetail } from "../api/types";
import { seq } from "../app/live";
import { IncidentLinks } from "../incident/link";
import { href } from "../router/router";
import { entitiesNamed, requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { OutLink } from "../ui/outlink";
import { Facts, IconButton, NodeLink, Severity, Time, Words } from "../ui/parts";
import { asked, type Question } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { copyText, toast } from "../ui/toast";
import { firedQuery } from "./fired";
import { FiredLine, FiredQuery } from "./firedquery";
import { alertSql } from "./rows";
import { AlertOwner, AlertStatus, Around, Changes, SameResource } from "./work";

type Part = "details" | "query" | "entities" | "around" | "json" | "changes" | "versions";

export function AlertPane({ id, onClose }: { id: string; onClose: () => void }) {
    const [part, setPart] = useState<Part>("details");
    const alert = useAsk("alert", { id }, seq.value);
    return (
        <aside class="preview pane" aria-label="Alert">
            {!alert.data && (
                <div class="preview-head">
                    <span class="faint grow">Alert</span>
                    <IconButton icon="close" label="Close" onClick={onClose} />
                </div>
            )}
            <Loaded of={alert}>
                {(data) => (
                    <>
                        <div class="preview-head">
                            <div class="grow">
                                <div class="faint">Alert</div>
                                <h2 title={data.title}>{data.title}</h2>
                            </div>
                            <IconButton icon="close" label="Close" onClick={onClose} />
                        </div>
                        <div class="preview-actions wrap-line">
                            <a class="button" href={href("/graph", { of: `alert:${data.id}` })}>
                                <Icon name="graph" />
                                Graph
                            </a>
                            <a class="button" href={href("/query", { lang: "sql", text: alertSql(data.id) })}>
                                <Icon name="table" />
                                Rows
                            </a>
                            <button type="button" class="button" onClick={() => void copyRaw(data.id)}>
                                <Icon name="copy" />
                                JSON
                            </button>
                            <OutLink to={data.url} label="Portal" />
                        </div>
                        <Parts part={part} setPart={setPart} alert={data} />
                        {part === "details" && <Details alert={data} />}
                        {part === "query" && <FiredQuery alert={data} />}
                        {part === "entities" && <Evidence alert={data} />}
                        {part === "around" && <Around reference={`alert:${data.id}`} />}
                        {part === "json" && <Json value={data.raw} />}
                        {part === "changes" && <Changes alert={data} />}
                        {part === "versions" && <Versions alert={data} />}
                    </>
                )}
            </Loaded>
        </aside>
    );
}

function Parts({ part, setPart, alert }: { part: Part; setPart: (part: Part) => void; alert: AlertDetail }) {
    const parts: readonly (readonly [Part, string, number | undefined])[] = [
        ["details", "Details", undefined],
        ...(firedQuery(alert.extended, alert.end) ? ([["query", "Query", undefined]] as const) : []),
        ["entities", "Entities", alert.entities_list.length],
        ["around", "Around", undefined],
        ["json", "JSON", undefined],
        ["changes", "Changes", undefined],
        ["versions", "Versions", alert.versions.length],
    ];
    return (
        <div class="segments" role="group" aria-label="Parts of the alert">
            {parts.map(([id, label, count]) => (
                <button key={id} type="button" aria-pressed={part === id} onClick={() => setPart(id)}>
                    {label}
                    {count !== undefined && (
                        <span class="number faint" {...asked(questionOfPart(alert, id, label))}>
                            {" "}
                            {formatCount(count)}
                        </span>
                    )}
                </button>
            ))}
        </div>
    );
}

/** What counts a part of the alert. */
function questionOfPart(alert: AlertDetail, part: Part, label: string): Question {
    const of = `${label} of the alert`;
    if (part === "entities") return { of, text: entitiesNamed(alert.id) };
    return { of, lang: "request", text: requestText(address("alert_versions", { id: alert.id })) };
}

async function copyRaw(id: string): Promise<void> {
    try {
        await copyText(await askText("alert_raw", { id }), "The document");
    } catch (error) {
        toast(errorDetail(error).message, { tone: "bad" });
    }
}

function Details({ alert }: { alert: AlertDetail }) {
    return (
        <>
            <Facts
                of={[
                    ["Severity", <Severity key="s" name={alert.severity} />],
                    ["Status", <AlertStatus key="s" alert={alert} />],
                    ["Owner", <AlertOwner key="o" alert={alert} />],
                    ["Tags", alert.tags.length > 0 && <Words of={alert.tags} most={8} plain />],
                    ["Classification", alert.classification],
                    ["Dismissed by", alert.suppressed_by && <code>{alert.suppressed_by}</code>],
                    ["Product", alert.product],
                    ["Provider", alert.provider],
                    ["Type", alert.alert_type],
                    ["Began", <Time key="t" at={alert.start} />],
                    ["Ended", <Time key="t" at={alert.end} />],
                    ["Created", <Time key="t" at={alert.created} />],
                    ["Tactics", alert.tactics.length > 0 && <Words of={alert.tactics} most={8} />],
                    ["Techniques", alert.techniques.length > 0 && <Words of={alert.techniques} most={8} plain />],
                    ["Compromised", alert.compromised_entity],
                    [
                        "Incidents",
                        alert.incidents.length > 0 && <IncidentLinks key="i" of={alert.incidents.map((id) => `incident:${id}`)} />,
                    ],
                    ["Id", <code key="i">{alert.id}</code>],
                ]}
            />
            {alert.description && (
                <p class="muted wrap" data-plain>
                    {alert.description}
                </p>
            )}
            {alert.remediation.length > 0 && (
                <section>
                    <h3>What to do</h3>
                    <ol class="steps">
                        {alert.remediation.map((step) => (
                            <li key={step}>{step}</li>
                        ))}
                    </ol>
                </section>
            )}
            <FiredLine alert={alert} />
            <SameResource alert={alert} />
            <Extended extended={alert.extended} />
        </>
    );
}

/** Everything else that a source says: short values as facts, long ones as JSON. */
export function Extended({ extended }: { extended: Record<string, unknown> }) {
    const inner = extended.ExtendedProperties;
    const all = { ...extended, ...(inner && typeof inner === "object" ? inner : {}) } as Record<string, unknown>;
    delete all.ExtendedProperties;
    const entries = Object.entries(all).filter(([, value]) => value !== null && value !== "");
    if (entries.length === 0) return null;
    return (
        <section>
            <h3>More from the source</h3>
            <Facts
                of={entries.map(([name, value]) => [
                    name,
                    typeof value === "object" ? <Json key={name} value={value} /> : <span key={name}>{String(value)}</span>,
                ])}
            />
        </section>
    );
}

function Evidence({ alert }: { alert: AlertDetail }) {
    return (
        <ul class="evidence">
            {alert.entities_list.map((entity) => (
                <li key={entity.id}>
                    <NodeLink reference={entity.id} kind={entity.kind} label={entity.label} />
                    {entity.role && <span class="tag">{entity.role}</span>}
                    <Facts
                        of={Object.entries(entity.properties)
                            .slice(0, 6)
                            .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)])}
                    />
                </li>
            ))}
        </ul>
    );
}

function Versions({ alert }: { alert: AlertDetail }) {
    return (
        <ul class="evidence">
            {[...alert.versions].reverse().map((version) => (
                <li key={version.seq}>
                    <div class="line">
                        <Time at={version.modified ?? version.received} />
                        {version.current && <span class="tag good">current</span>}
                        {version.partial && <span class="tag">partial</span>}
                    </div>
                    <div class="faint small wrap">
                        {version.source}, line {formatCount(version.line)}, document {formatCount(version.seq)}, received{" "}
                        <Time at={version.received} />
                    </div>
                </li>
            ))}
        </ul>
    );
}
