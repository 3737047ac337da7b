// One incident: its facts in a rail, and tabs over what belongs to it.
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { lazy } from "../app/lazy";
import { seq } from "../app/live";
import { href, incidentHref, navigate } from "../router/router";
import { stored } from "../state/stored";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { OutLink } from "../ui/outlink";
import { Severity, Status } from "../ui/parts";
import { Failure, Loading } from "../ui/states";
import { Tabs } from "../ui/tabs";
import { copyText } from "../ui/toast";
import { ActivityTab } from "./activity";
import { AlertsTab } from "./alerts";
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

const railOpen = stored<boolean>("incident.rail", true, (value): value is boolean => typeof value === "boolean");

function count(incident: IncidentDetail, tab: string): number | undefined {
    if (tab === "alerts") return incident.alerts;
    if (tab === "entities") return incident.entities.length;
    if (tab === "notes") return incident.comments.length;
    if (tab === "activity") return incident.versions.length;
    return undefined;
}

export function IncidentScreen({ id, tab }: { id: string; tab: string }) {
    const incident = useAsk("incident", { id }, seq.value);
    const data = incident.data;
    useKeys("Incident", [
        ...names.map(([name, label], index) => ({
            keys: String(index + 1),
            label: `Tab ${label}`,
            run: () => navigate(incidentHref({ id }, name === "overview" ? "" : name)),
        })),
        { keys: "b", label: "Details beside the tabs, or not", run: () => toggleRail() },
        { keys: "g b", label: "Back to the queue", run: () => navigate("/incidents") },
    ]);
    if (!data) {
        return (
            <div class="screen padded">
                {incident.error ? <Failure error={incident.error} retry={incident.reload} /> : <Loading rows={10} />}
            </div>
        );
    }
    const tabs = names.map(([name, label]) => ({
        id: name,
        label,
        href: incidentHref({ id }, name === "overview" ? "" : name),
        count: count(data, name),
    }));
    const known = names.some(([name]) => name === tab) ? tab : "overview";
    return (
        <div class="screen incident">
            <header class="incident-head">
                <div class="line">
                    <a href="/incidents">Incidents</a>
                    <span class="faint">/</span>
                    <span class="number muted">{data.number ?? data.id}</span>
                </div>
                <div class="line incident-title">
                    <h1 class="clip" title={data.title}>
                        {data.title}
                    </h1>
                    <Severity name={data.severity} />
                    <Status name={data.status} />
                    <span class="grow" />
                    <button type="button" class="button quiet" onClick={toggleRail} aria-pressed={railOpen.value}>
                        <Icon name="table" />
                        Details
                    </button>
                    <a class="button quiet" href={href("/query", { lang: "sql", text: alertsSql(data) })}>
                        <Icon name="query" />
                        Show query
                    </a>
                    <button type="button" class="button quiet" onClick={() => void copyText(window.location.href, "The address")}>
                        <Icon name="url" />
                        Link
                    </button>
                    <OutLink to={data.url} label="Portal" />
                </div>
                {data.redirect && (
                    <div class="notice">
                        This incident went into <a href={incidentHref({ id: data.redirect })}>another one</a>.
                    </div>
                )}
            </header>
            <Tabs label="Parts of the incident" tabs={tabs} current={known} />
            <div class="incident-body">
                {railOpen.value && <Rail incident={data} />}
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

function toggleRail(): void {
    railOpen.value = !railOpen.value;
}

/** The incident's alerts, as SQL. */
function alertsSql(incident: IncidentDetail): string {
    return `SELECT IncidentNumber, Title, Severity, Status, AlertCount, FirstActivityTime, LastActivityTime\nFROM Incidents\nWHERE IncidentId = '${incident.id.replaceAll("'", "''")}'`;
}
