// The pane beside the canvas: what is selected, the list twin, the questions that were asked.
import { useState } from "preact/hooks";
import { useAsk } from "../api/resource";
import { IncidentLinks } from "../incident/link";
import { nodeHref } from "../router/router";
import { alertsNaming, relationsOf } from "../state/sql";
import { formatCount, formatTime } from "../state/time";
import { Icon } from "../ui/icons";
import { kindLabel, spaced } from "../ui/kinds";
import { Facts, KindGlyph, Severity, Status, Time, Words } from "../ui/parts";
import { asked, Counted, ShowQuery } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { nodesQuestion, requestsOf } from "./asked";
import { type Deed, deedsFor, type Surroundings } from "./deeds";
import { Legend } from "./legend";
import { describe } from "./loads";
import type { NodeId } from "./model";
import { ALL_MAX } from "./previews";
import { type Rows, showRowsOf } from "./rows";
import type { SceneNode } from "./scene";
import type { Investigation } from "./store";
import { Twin } from "./twin";
import { EdgePane } from "./why";

export type PaneTab = "details" | "list" | "log";

interface Props {
    of: Investigation;
    tab: PaneTab;
    onTab: (tab: PaneTab) => void;
    around: Surroundings;
    onRows: (rows: Rows) => void;
}

const TABS: readonly (readonly [PaneTab, string])[] = [
    ["details", "Details"],
    ["list", "List"],
    ["log", "Questions"],
];

export function Pane({ of, tab, onTab, around, onRows }: Props) {
    return (
        <aside class="graph-pane" aria-label="Details of the graph">
            <div class="tabs" role="tablist" aria-label="Pane">
                {TABS.map(([id, label]) => (
                    <button
                        key={id}
                        type="button"
                        class="tab"
                        role="tab"
                        aria-selected={tab === id}
                        aria-controls="graph-pane-body"
                        onClick={() => onTab(id)}
                    >
                        {label}
                        {id === "list" && (
                            <span class="count" {...asked(requestsOf(of.state.value, "What is drawn"))}>
                                {formatCount(of.scene.value.nodes.length)}
                            </span>
                        )}
                    </button>
                ))}
            </div>
            <div class="graph-pane-body" id="graph-pane-body" role="tabpanel" aria-label={TABS.find(([id]) => id === tab)?.[1] ?? ""}>
                {tab === "list" ? (
                    <Twin of={of} />
                ) : tab === "log" ? (
                    <Log of={of} onRows={onRows} />
                ) : (
                    <Details of={of} around={around} onRows={onRows} />
                )}
            </div>
        </aside>
    );
}

function Details({ of, around, onRows }: { of: Investigation; around: Surroundings; onRows: (rows: Rows) => void }) {
    const edge = of.selectedEdge();
    if (edge) return <EdgePane of={of} edge={edge} onRows={onRows} />;
    const nodes = of.selected();
    const [first] = nodes;
    if (!first) return <Overview of={of} />;
    const deeds = deedsFor(of, nodes, around);
    if (nodes.length > 1) return <Several of={of} nodes={nodes} deeds={deeds} />;
    return (
        <div class="graph-detail" key={first.id}>
            <Head node={first} />
            <Deeds of={deeds} />
            {first.members.length > 1 ? <Members of={of} node={first} /> : <One of={of} node={first} id={first.members[0] as NodeId} />}
        </div>
    );
}

function Head({ node }: { node: SceneNode }) {
    return (
        <header class="graph-detail-head">
            <KindGlyph kind={node.kind} />
            <div class="grow">
                <h2>{node.label}</h2>
                <span class="muted small">
                    {kindLabel(node.kind)}
                    {" · "}
                    {node.members.length > 1 ? (
                        <span {...asked(nodesQuestion(node.kind, node.members, node.label))}>group of {node.members.length}</span>
                    ) : (
                        <span {...asked({ of: `Links of ${node.label}`, text: relationsOf(node.members[0] ?? node.id) })}>
                            {formatCount(node.degree)} links
                        </span>
                    )}
                    {node.inside ? " · in the incident" : " · outside the incident"}
                </span>
            </div>
        </header>
    );
}

function Deeds({ of }: { of: readonly Deed[] }) {
    return (
        <div class="graph-deeds" role="toolbar" aria-label="Actions">
            {of.map((deed) => (
                <button
                    key={deed.id}
                    type="button"
                    class="button small"
                    onClick={deed.run}
                    title={deed.key ? `${deed.label} (${deed.key})` : deed.label}
                >
                    <Icon name={deed.icon} />
                    {deed.label}
                </button>
            ))}
        </div>
    );
}

function One({ of, node, id }: { of: Investigation; node: SceneNode; id: NodeId }) {
    if (node.kind === "alert") return <AlertFacts id={id.slice("alert:".length)} reference={id} />;
    if (node.kind === "incident") return <IncidentFacts node={node} reference={id} />;
    return <EntityFacts of={of} id={id} />;
}

function OpenLink({ reference, label }: { reference: string; label: string }) {
    return (
        <a class="button small" href={nodeHref(reference)}>
            <Icon name="external" />
            {label}
        </a>
    );
}

function IncidentFacts({ node, reference }: { node: SceneNode; reference: string }) {
    return (
        <>
            <Facts
                of={[
                    ["Severity", <Severity key="s" name={node.severity ?? null} />],
                    ["First activity", formatTime(node.first)],
                    ["Last activity", formatTime(node.last)],
                    ["Tactics", node.tactics.map(spaced).join(", ")],
                ]}
            />
            <OpenLink reference={reference} label="Open the incident" />
        </>
    );
}

function AlertFacts({ id, reference }: { id: string; reference: string }) {
    const alert = useAsk("alert", { id });
    return (
        <Loaded of={alert} rows={5}>
            {(data) => (
                <>
                    <Facts
                        of={[
                            ["Severity", <Severity key="severity" name={data.severity} />],
                            ["Status", <Status key="status" name={data.status} />],
                            ["Product", data.product],
                            ["Start", <Time key="start" at={data.start ?? null} />],
                            ["End", <Time key="end" at={data.end ?? null} />],
                            ["Tactics", data.tactics.length > 0 ? <Words key="tactics" of={data.tactics} most={4} /> : ""],
                            ["Entities", formatCount(data.entities)],
                        ]}
                    />
                    {data.description && <p class="graph-text">{data.description}</p>}
                    <OpenLink reference={reference} label="Open the alert" />
                </>
            )}
        </Loaded>
    );
}

const PROPERTIES_SHOWN = 14;

function EntityFacts({ of, id }: { of: Investigation; id: NodeId }) {
    const entity = useAsk("entity", { entity: id });
    const [all, setAll] = useState(false);
    return (
        <Loaded of={entity} rows={6}>
            {(data) => {
                const properties = Object.entries(data.properties as Record<string, unknown>);
                const shown = all ? properties : properties.slice(0, PROPERTIES_SHOWN);
                return (
                    <>
                        <Facts
                            of={[
                                ["First seen", <Time key="first" at={data.first ?? null} />],
                                ["Last seen", <Time key="last" at={data.last ?? null} />],
                                ["Alerts", <Counted key="a" count={data.alerts} of="Alerts" text={alertsNaming(id)} />],
                                ["Incidents", data.incidents.length > 0 && <IncidentLinks key="i" of={data.incidents} />],
                                ...Object.entries(data.relations)
                                    .sort(([, a], [, b]) => b - a)
                                    .slice(0, 6)
                                    .map(
                                        ([name, count]) =>
                                            [
                                                name.replaceAll("_", " "),
                                                <Counted key={name} count={count} of={name} text={relationsOf(id, name)} />,
                                            ] as const,
                                    ),
                            ]}
                        />
                        {data.possibly_same.length > 0 && (
                            <p class="small muted">
                                Possibly the same:{" "}
                                {data.possibly_same.map((other) => (
                                    <button
                                        key={other}
                                        type="button"
                                        class="graph-link"
                                        onClick={() => void of.load({ kind: "neighbors", node: other })}
                                    >
                                        {other}
                                    </button>
                                ))}
                            </p>
                        )}
                        {shown.length > 0 && <h3>Properties</h3>}
                        <Facts
                            of={shown.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const)}
                        />
                        {properties.length > PROPERTIES_SHOWN && (
                            <button type="button" class="button quiet small" onClick={() => setAll(!all)}>
                                {all ? "Fewer" : `All ${properties.length} properties`}
                            </button>
                        )}
                        <Recent id={id} />
                        <OpenLink reference={id} label="Open the entity" />
                    </>
                );
            }}
        </Loaded>
    );
}

/** The newest of what touches an entity. */
function Recent({ id }: { id: NodeId }) {
    const items = useAsk("timeline", { of: [id], order: "newest", limit: 8 });
    if (!items.data || items.data.value.length === 0) return null;
    return (
        <>
            <h3>Last activity</h3>
            <ol class="graph-recent">
                {items.data.value.map((item) => (
                    <li key={`${item.seq} ${item.time} ${item.kind} ${item.message}`}>
                        <Time at={item.time ?? null} style="minute" />
                        <span class="clip" title={item.message}>
                            {item.message}
                        </span>
                        <span class="faint small">{item.source}</span>
                    </li>
                ))}
            </ol>
        </>
    );
}

const MEMBERS_SHOWN = 200;

function Members({ of, node }: { of: Investigation; node: SceneNode }) {
    const members = of.membersOf([node.id]);
    return (
        <>
            <h3>Members</h3>
            <ul class="graph-members">
                {members.slice(0, MEMBERS_SHOWN).map((member) => (
                    <li key={member.id}>
                        <span class="clip grow" title={member.id}>
                            {member.label}
                        </span>
                        {member.first !== undefined && <span class="faint small number">{formatTime(member.first, "minute")}</span>}
                        <button
                            type="button"
                            class="button quiet small"
                            aria-label={`Take ${member.label} out of the group`}
                            onClick={() => {
                                of.act({ type: "ungroup", ids: [member.id] }, `took ${member.label} out of its group`);
                                of.select(member.id);
                            }}
                        >
                            take out
                        </button>
                    </li>
                ))}
            </ul>
            {members.length > MEMBERS_SHOWN && (
                <p class="faint small">{formatCount(members.length - MEMBERS_SHOWN)} more: open the group to see them.</p>
            )}
        </>
    );
}

function Several({ of, nodes, deeds }: { of: Investigation; nodes: readonly SceneNode[]; deeds: readonly Deed[] }) {
    return (
        <div class="graph-detail">
            <h2>{nodes.length} selected</h2>
            <Deeds of={deeds} />
            <ul class="graph-members">
                {nodes.map((node) => (
                    <li key={node.id}>
                        <KindGlyph kind={node.kind} />
                        <button type="button" class="graph-link clip grow" onClick={() => of.select(node.id)}>
                            {node.label}
                        </button>
                    </li>
                ))}
            </ul>
        </div>
    );
}

const many = (count: number, noun: string) => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

function Overview({ of }: { of: Investigation }) {
    const scene = of.scene.value;
    const { hidden, later, isolated } = scene.absent;
    return (
        <div class="graph-detail">
            <p class="muted">
                {many(of.state.value.nodes.size, "node")} and {many(of.state.value.edges.size, "link")}, drawn as{" "}
                {formatCount(scene.nodes.length)} and {formatCount(scene.edges.length)}.{" "}
                <ShowQuery {...requestsOf(of.state.value, "Nodes and links of the graph")} />
            </p>
            {hidden > 0 && (
                <p class="small">
                    {formatCount(hidden)} hidden{" "}
                    <button type="button" class="button quiet small" onClick={() => of.act({ type: "showAll" }, "showed everything")}>
                        Show
                    </button>
                </p>
            )}
            {isolated > 0 && (
                <p class="small">
                    {formatCount(isolated)} set aside{" "}
                    <button type="button" class="button quiet small" onClick={() => of.act({ type: "unisolate" }, "ended isolation")}>
                        Bring back
                    </button>
                </p>
            )}
            {later > 0 && <p class="small">{formatCount(later)} begin later than the chosen instant.</p>}
            <Legend of={of} />
        </div>
    );
}

function Log({ of, onRows }: { of: Investigation; onRows: (rows: Rows) => void }) {
    const loads = [...of.state.value.loads.values()].sort((a, b) => a.at - b.at);
    const trail = of.state.value.settings.get("trail");
    return (
        <ol class="graph-log">
            {loads.map((load) => {
                const found = of.answerOf(load.key);
                return (
                    <li key={load.key}>
                        <span>{describe(load.call, (id) => of.nameOf(id))}</span>
                        <span class="graph-deeds">
                            {(found?.table || load.call.kind === "explore") && (
                                <button type="button" class="button quiet small" onClick={() => showRowsOf(of, load, onRows)}>
                                    {found?.table ? `${formatCount(found.table.rows.length)} rows` : "rows"}
                                </button>
                            )}
                            {found?.more && "limit" in load.call === false && load.call.kind === "explore" && (
                                <button
                                    type="button"
                                    class="button quiet small"
                                    onClick={() => void of.load({ ...load.call, limit: ALL_MAX } as typeof load.call)}
                                >
                                    all
                                </button>
                            )}
                            {load.trail && load.trail.length > 0 && (
                                <button
                                    type="button"
                                    class="button quiet small"
                                    aria-pressed={trail === load.key}
                                    onClick={() =>
                                        of.act(
                                            { type: "set", name: "trail", value: trail === load.key ? undefined : load.key },
                                            "marked a trail",
                                        )
                                    }
                                >
                                    mark
                                </button>
                            )}
                        </span>
                    </li>
                );
            })}
        </ol>
    );
}
