// One entity: what identifies it, what happened to it, which questions fit it. Used beside lists and as a screen.

import { useState } from "preact/hooks";
import { address } from "../api/client";
import { useAsk } from "../api/resource";
import type { EntityDetail } from "../api/types";
import { seq } from "../app/live";
import { href, nodeHref } from "../router/router";
import { alertsNaming, relationsOf, requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { kindLabel } from "../ui/kinds";
import { Facts, IconButton, KindGlyph, NodeLink, Severity, Time } from "../ui/parts";
import { asked, Count, Counted, type Question } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { copyText } from "../ui/toast";
import { Insights } from "./insights";
import { IncidentLinks } from "./link";
import { Questions } from "./questions";

type Part = "info" | "timeline" | "insights" | "questions";

const partNames: readonly (readonly [Part, string])[] = [
    ["info", "Info"],
    ["timeline", "Timeline"],
    ["insights", "Insights"],
    ["questions", "Questions"],
];

const ITEMS_SHOWN = 100;

export function EntityPane({ reference, onClose }: { reference: string; onClose: () => void }) {
    const [part, setPart] = useState<Part>("info");
    const entity = useAsk("entity", { entity: reference }, seq.value);
    return (
        <aside class="preview pane" aria-label="Entity">
            <Loaded of={entity}>
                {(data) => (
                    <>
                        <div class="preview-head">
                            <KindGlyph kind={data.kind} />
                            <div class="grow">
                                <div class="faint">{kindLabel(data.kind)}</div>
                                <h2>{data.label}</h2>
                            </div>
                            <IconButton icon="close" label="Close" onClick={onClose} />
                        </div>
                        <EntityActions entity={data} own={false} />
                        <div class="segments" role="group" aria-label="Parts of the entity">
                            {partNames.map(([id, label]) => (
                                <button key={id} type="button" aria-pressed={part === id} onClick={() => setPart(id)}>
                                    {label}
                                </button>
                            ))}
                        </div>
                        {part === "info" && <EntityInfo entity={data} />}
                        {part === "timeline" && <EntityTimeline reference={data.id} />}
                        {part === "insights" && <Insights entity={data} />}
                        {part === "questions" && <Questions reference={data.id} />}
                    </>
                )}
            </Loaded>
        </aside>
    );
}

/** What can be done from an entity. */
export function EntityActions({ entity, own }: { entity: EntityDetail; own: boolean }) {
    return (
        <div class="preview-actions">
            {!own && (
                <a class="button" href={nodeHref(entity.id)}>
                    <Icon name="external" />
                    Open
                </a>
            )}
            <a class="button" href={href("/graph", { of: entity.id })}>
                <Icon name="graph" />
                Graph
            </a>
            <a class="button" href={href("/alerts", { entity: entity.id })}>
                <Icon name="alert" />
                Alerts
            </a>
            <button type="button" class="button" onClick={() => void copyText(entity.id, "The reference")}>
                <Icon name="copy" />
                Copy
            </button>
        </div>
    );
}

export function EntityInfo({ entity }: { entity: EntityDetail }) {
    return (
        <>
            <Facts
                of={[
                    ["First seen", <Time key="t" at={entity.first} />],
                    ["Last seen", <Time key="t" at={entity.last} />],
                    ["Relations", <Counted key="r" count={entity.degree} of="Relations" text={relationsOf(entity.id)} />],
                    ["Alerts", <Counted key="a" count={entity.alerts} of="Alerts" text={alertsNaming(entity.id)} />],
                    ["Incidents", entity.incidents.length > 0 && <IncidentLinks key="i" of={entity.incidents} />],
                ]}
            />
            <section>
                <h3>What it says of itself</h3>
                <Facts of={Object.entries(entity.properties).map(([name, value]) => [name, shown(value)])} />
            </section>
            <section>
                <h3>Identified by</h3>
                <ul class="keys">
                    {entity.keys.map((key) => (
                        <li key={key}>
                            <code>{key}</code>
                        </li>
                    ))}
                    {entity.weak_keys.map((key) => (
                        <li key={key} class="faint" title="Does not identify it alone">
                            <code>{key}</code> weak
                        </li>
                    ))}
                </ul>
                {entity.merges.length > 0 && (
                    <p class="faint small">
                        United by {entity.merges.map((merge) => `${merge.key} (document ${formatCount(merge.seq)})`).join(", ")}
                    </p>
                )}
                {entity.possibly_same.length > 0 && (
                    <div class="stack">
                        <span class="muted">Possibly the same:</span>
                        {entity.possibly_same.map((id) => (
                            <NodeLink key={id} reference={id} />
                        ))}
                    </div>
                )}
            </section>
            <section>
                <h3>Relations by name</h3>
                <ul class="relations">
                    {Object.entries(entity.relations)
                        .sort((a, b) => b[1] - a[1])
                        .map(([name, count]) => (
                            <li key={name}>
                                <code>{name}</code>{" "}
                                <span class="faint">
                                    <Count count={count} of={`Relations ${name}`} text={relationsOf(entity.id, name)} />
                                </span>
                            </li>
                        ))}
                </ul>
            </section>
        </>
    );
}

/** A number with the question behind it. */
function shown(value: unknown) {
    if (value === null || value === undefined || value === "") return null;
    return typeof value === "object" ? <Json value={value} /> : String(value);
}

const timelineQuestion = (reference: string): Question => ({
    of: "Timeline",
    lang: "request",
    text: requestText(address("timeline", { of: [reference], order: "newest" })),
});

export function EntityTimeline({ reference }: { reference: string }) {
    const timeline = useAsk("timeline", { of: [reference], order: "newest", limit: ITEMS_SHOWN }, seq.value);
    return (
        <Loaded of={timeline}>
            {(data) => (
                <ul class="moments" {...asked(timelineQuestion(reference))}>
                    {data.value.map((item, index) => (
                        <li key={`${item.seq}-${index}`}>
                            <Time at={item.time} />
                            <div class="line">
                                {item.severity ? <Severity name={item.severity} compact /> : <i class={`dot mark-${item.kind}`} />}
                                <span class="wrap">{item.message}</span>
                            </div>
                            <span class="faint small">{item.source}</span>
                        </li>
                    ))}
                    {data.value.length === 0 && <li class="muted">Nothing with a time touches it.</li>}
                    {!data.complete && <li class="faint">The newest {formatCount(data.value.length)}; the graph's timeline has all.</li>}
                </ul>
            )}
        </Loaded>
    );
}
