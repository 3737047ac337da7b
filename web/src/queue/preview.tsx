// What the queue shows of the current incident beside the table.
import { useAsk } from "../api/resource";
import { seq } from "../app/live";
import { alertsQuestion, entitiesQuestion } from "../incident/asked";
import { Scope, scopesOf } from "../incident/scope";
import { Work } from "../incident/work";
import { incidentHref, nodeHref } from "../router/router";
import { Icon } from "../ui/icons";
import { Facts, IconButton, NodeLink, Severity, Time, Words } from "../ui/parts";
import { Count } from "../ui/showquery";
import { Loaded } from "../ui/states";

const ENTITIES_SHOWN = 8;
const ALERTS_SHOWN = 6;

export function Preview({ id, keys, onClose }: { id: string; keys: boolean; onClose: () => void }) {
    const incident = useAsk("incident", { id }, seq.value);
    return (
        <aside class="preview" aria-label="Preview of the incident">
            {!incident.data && (
                <div class="preview-head">
                    <span class="faint grow">Incident</span>
                    <IconButton icon="close" label="Close the preview" onClick={onClose} />
                </div>
            )}
            <Loaded of={incident}>
                {(data) => (
                    <>
                        <div class="preview-head">
                            <div class="grow">
                                <div class="faint" data-plain>
                                    Incident {data.number ?? data.id}
                                </div>
                                <h2 title={data.title}>{data.title}</h2>
                            </div>
                            <IconButton icon="close" label="Close the preview" onClick={onClose} />
                        </div>
                        <div class="preview-actions">
                            <a class="button primary" href={incidentHref(data)}>
                                Open
                            </a>
                            <a class="button" href={incidentHref(data, "graph")}>
                                <Icon name="graph" />
                                Graph
                            </a>
                            <a class="button" href={incidentHref(data, "timeline")}>
                                <Icon name="timeline" />
                                Timeline
                            </a>
                        </div>
                        <Work incident={data} keys={keys} />
                        <Facts
                            of={[
                                ["First activity", <Time key="t" at={data.first_activity} />],
                                ["Last activity", <Time key="t" at={data.last_activity} />],
                                ["Products", data.products.length > 0 && <Words of={data.products} most={4} plain />],
                                ["Tactics", data.tactics.length > 0 && <Words of={data.tactics} most={8} />],
                            ]}
                        />
                        {data.description && (
                            <p class="muted preview-text" data-plain>
                                {data.description}
                            </p>
                        )}
                        <section>
                            <h3>
                                Entities{" "}
                                <span class="faint">
                                    <Count count={data.entities.length} {...entitiesQuestion(data.id)} />
                                </span>
                            </h3>
                            <ul class="preview-list">
                                {data.entities.slice(0, ENTITIES_SHOWN).map((entity) => (
                                    <li key={entity.id} class="line">
                                        <NodeLink reference={entity.id} kind={entity.kind} label={entity.label} />
                                        <Scope of={scopesOf(data.entities).get(entity.id)} />
                                    </li>
                                ))}
                            </ul>
                            {data.entities.length > ENTITIES_SHOWN && <a href={incidentHref(data, "entities")}>All entities</a>}
                        </section>
                        <section>
                            <h3>
                                Alerts{" "}
                                <span class="faint">
                                    <Count count={data.alerts} {...alertsQuestion(data.id)} />
                                </span>
                            </h3>
                            <ul class="preview-list">
                                {data.alerts_list.slice(0, ALERTS_SHOWN).map((alert) => (
                                    <li key={alert.id}>
                                        <a class="alert-line" href={nodeHref(`alert:${alert.id}`)} title={alert.title}>
                                            <Severity name={alert.severity} compact />
                                            <span class="clip">{alert.title}</span>
                                        </a>
                                    </li>
                                ))}
                            </ul>
                            {data.alerts_list.length > ALERTS_SHOWN && <a href={incidentHref(data, "alerts")}>All alerts</a>}
                        </section>
                    </>
                )}
            </Loaded>
        </aside>
    );
}
