// One incident: its facts in a rail, and tabs over what belongs to it.
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { lazy } from "../app/lazy";
import { seq } from "../app/live";
import { ProposalNotice } from "../proposals/notice";
import { href, incidentHref, navigate, past, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { stored } from "../state/stored";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { OutLink } from "../ui/outlink";
import { Severity, Status, Time } from "../ui/parts";
import type { Question } from "../ui/showquery";
import { Loading, Missing } from "../ui/states";
import { Tabs } from "../ui/tabs";
import { copyText } from "../ui/toast";
import { ActivityTab } from "./activity";
import { AlertsTab } from "./alerts";
import { alertsQuestion, entitiesQuestion, incidentQuestion } from "./asked";
import { commentWanted } from "./comments";
import { EntitiesTab } from "./entities";
import { NotesTab } from "./notes";
import { Overview } from "./overview";
import { Rail } from "./rail";

const Graph = lazy(async () => (await import("../graph/graph")).Graph);
const Timeline = lazy(async () => (await import("../timeline/timeline")).Timeline);

const names: readonly (readonly [string, string])[] = [
    ["overview", "Overview"],
    ["timeline", "Timeline"],
    ["alerts", "Alerts"],
    ["entities", "Entities"],
    ["graph", "Graph"],
    ["notes", "Notes"],
    ["activity", "Activity"],
];

const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
/** Beside the tabs there is room for the details; above them they would hide what the tabs show. */
const NARROW_PX = 700;
const railOpen = stored<boolean>("incident.rail", typeof window === "undefined" || window.innerWidth > NARROW_PX, isFlag);
/** The graph wants the whole width, unless the person wants it otherwise. */
const railOpenAtGraph = stored<boolean>("incident.rail.graph", false, isFlag);
const railOf = (tab: string) => (tab === "graph" ? railOpenAtGraph : railOpen);

function count(incident: IncidentDetail, tab: string): number | undefined {
    if (tab === "alerts") return incident.alerts;
    if (tab === "entities") return incident.entities.length;
    if (tab === "notes") return incident.comments.length + incident.bookmarks.length;
    if (tab === "activity") return incident.versions_total;
    return undefined;
}

function question(incident: IncidentDetail, tab: string, label: string): Question {
    if (tab === "alerts") return alertsQuestion(incident.id);
    if (tab === "entities") return entitiesQuestion(incident.id);
    return incidentQuestion(incident.id, label);
}

/** What the browser's tab says: the incident before all else, and which part of it. */
function nameOf(incident: IncidentDetail | undefined, tab: string): string {
    if (!incident) return "Incident";
    const part = tab === "overview" ? undefined : names.find(([name]) => name === tab)?.[1];
    return [incident.number, part && `${part} ·`, incident.title].filter(Boolean).join(" ");
}

export function IncidentScreen({ id, tab }: { id: string; tab: string }) {
    const asOf = past.value;
    const tabHref = (name: string) => href(incidentHref({ id }, name === "overview" ? "" : name), { asof: asOf });
    const incident = useAsk("incident", asOf ? { id, as_of: asOf } : { id }, seq.value);
    const data = incident.data;
    useTitle(nameOf(data, tab));
    useKeys("Incident", [
        ...names.map(([name, label], index) => ({
            keys: String(index + 1),
            label: `Tab ${label}`,
            run: () => navigate(tabHref(name)),
        })),
        {
            keys: "n",
            needs: "respond",
            label: "Write a comment",
            run: () => {
                commentWanted.value = true;
                navigate(tabHref("notes"));
            },
        },
        { keys: "b", label: "Details beside the tabs, or not", run: () => toggleRail(tab) },
        { keys: "g b", label: "Back to the queue", run: () => navigate("/incidents") },
    ]);
    if (!data) {
        return (
            <div class="screen">
                {incident.error ? <Missing error={incident.error} retry={incident.reload} words={id} /> : <Loading rows={10} />}
            </div>
        );
    }
    const tabs = names.map(([name, label]) => ({
        id: name,
        label,
        href: tabHref(name),
        count: count(data, name),
        question: question(data, name, label),
    }));
    const known = names.some(([name]) => name === tab) ? tab : "overview";
    return (
        <div class="screen incident">
            <header class="incident-head">
                <div class="line">
                    <a href="/incidents">Incidents</a>
                    <span class="faint">/</span>
                    <span class="muted" data-plain>
                        {data.number ?? data.id}
                    </span>
                </div>
                <div class="line incident-title">
                    <h1 class="clip" title={data.title}>
                        {data.title}
                    </h1>
                    <Severity name={data.severity} />
                    <Status name={data.status} />
                    <span class="grow" />
                    <button type="button" class="button quiet" onClick={() => toggleRail(known)} aria-pressed={railOf(known).value}>
                        <Icon name="table" />
                        Details
                    </button>
                    <button type="button" class="button quiet" onClick={() => void copyText(window.location.href, "The address")}>
                        <Icon name="url" />
                        Link
                    </button>
                    <ReportChoice id={data.id} />
                    <OutLink to={data.url} label="Portal" />
                </div>
                {asOf && (
                    <div class="notice" role="status">
                        <Icon name="lock" />
                        <span>
                            As it was known at <Time at={asOf} />: what came or was changed later is not shown, and nothing can be changed.
                            {known === "graph" && " What you explore from here is what is known now."}
                            {known === "activity" && " The tab Activity shows what is known now."}
                        </span>
                        <span class="grow" />
                        <button type="button" class="button small" onClick={() => setParams({ asof: null })}>
                            As it is now
                        </button>
                    </div>
                )}
                {!asOf && known !== "activity" && <ProposalNotice incident={data.id} href={tabHref("activity")} />}
                {data.redirect && (
                    <div class="notice">
                        This incident went into <a href={incidentHref({ id: data.redirect })}>another one</a>.
                    </div>
                )}
            </header>
            <Tabs label="Parts of the incident" tabs={tabs} current={known} />
            <div class="incident-body">
                {railOf(known).value && <Rail incident={data} />}
                <section class="incident-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${known}`}>
                    <Panel tab={known} incident={data} />
                </section>
            </div>
        </div>
    );
}

function Panel({ tab, incident }: { tab: string; incident: IncidentDetail }) {
    const of = [`incident:${incident.id}`];
    switch (tab) {
        case "timeline":
            return <Timeline of={of} />;
        case "alerts":
            return <AlertsTab incident={incident} />;
        case "entities":
            return <EntitiesTab incident={incident} />;
        case "graph":
            return <Graph of={of} />;
        case "notes":
            return <NotesTab incident={incident} />;
        case "activity":
            return <ActivityTab incident={incident} />;
        default:
            return <Overview incident={incident} />;
    }
}

function toggleRail(tab: string): void {
    const open = railOf(tab);
    open.value = !open.value;
}

/** The incident as a file to be given on. */
function ReportChoice({ id }: { id: string }) {
    const save = async (format: "html" | "md") => (await import("../report/report")).saveReport(id, format);
    return (
        <Popover
            class="button quiet"
            right
            label={
                <>
                    <Icon name="report" />
                    Report
                </>
            }
        >
            {(close) =>
                (
                    [
                        ["html", "One HTML file", "with graph and timeline, opens without a network"],
                        ["md", "Markdown", "for a wiki or a ticket"],
                    ] as const
                ).map(([format, label, hint]) => (
                    <button
                        key={format}
                        type="button"
                        class="menu-item two"
                        onClick={() => {
                            close();
                            void save(format);
                        }}
                    >
                        <span class="stack">
                            {label}
                            <span class="faint small">{hint}</span>
                        </span>
                    </button>
                ))
            }
        </Popover>
    );
}
