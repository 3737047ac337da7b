// The frame around every screen: navigation, search, time zone, theme, messages, the keyboard map; and which screen a place means.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ReadOnly } from "../access/needs";
import { followRights } from "../access/rights";
import { Person, SignIn } from "../access/signin";
import { AlertsScreen } from "../alerts/alerts";
import { refusal } from "../api/session";
import { EntityScreen } from "../incident/entity";
import { IncidentScreen } from "../incident/incident";
import { Bell } from "../notifications/bell";
import { unread } from "../notifications/news";
import { useWaiting, waiting } from "../proposals/waiting";
import { QueueScreen } from "../queue/queue";
import { atQueue, href, navigate, segments } from "../router/router";
import { useTitle } from "../router/title";
import { SearchScreen } from "../search/search";
import { theme, zone } from "../state/prefs";
import { formatCount, zoneHint, zoneName } from "../state/time";
import { tourAsked, tourState } from "../tour/seen";
import { Icon, type IconName, Mark } from "../ui/icons";
import { type KeyBinding, useKeys } from "../ui/keys";
import { Paper } from "../ui/paper";
import { Empty } from "../ui/states";
import { Toasts, undoNewest } from "../ui/toast";
import { useArrival } from "./arrival";
import { KeyMap } from "./keymap";
import { lazy } from "./lazy";
import { Lens, LensButton } from "./lens";
import { follow, online } from "./live";
import { Palette } from "./palette";

const QueryScreen = lazy(async () => (await import("../query/query")).QueryScreen);
const AdminScreen = lazy(async () => (await import("../admin/admin")).default);
const ProposalsScreen = lazy(async () => (await import("../proposals/proposals")).default);
const NotificationsScreen = lazy(async () => (await import("../notifications/notifications")).default);
const Tour = lazy(async () => (await import("../tour/tour")).default, null);
const GraphScreen = lazy(async () => (await import("../graph/screen")).GraphScreen);

interface Section {
    id: string;
    label: string;
    path: string;
    icon: IconName;
    key: string;
}

const sections: readonly Section[] = [
    { id: "incidents", label: "Incidents", path: "/incidents", icon: "queue", key: "g i" },
    { id: "alerts", label: "Alerts", path: "/alerts", icon: "alert", key: "g a" },
    { id: "graph", label: "Graph", path: "/graph", icon: "graph", key: "g g" },
    { id: "query", label: "Query", path: "/query", icon: "query", key: "g q" },
    { id: "proposals", label: "Proposals", path: "/proposals", icon: "bolt", key: "g p" },
    { id: "admin", label: "Admin", path: "/admin", icon: "admin", key: "g d" },
];

function screen(parts: readonly string[]): ComponentChildren {
    const [section = "incidents", id = "", tab = ""] = parts;
    switch (section) {
        case "incidents":
            return id ? <IncidentScreen key={id} id={id} tab={tab || "overview"} /> : <QueueScreen />;
        case "alerts":
            return <AlertsScreen selected={id} />;
        case "entities":
            return <EntityScreen key={id} reference={id} />;
        case "graph":
            return (
                <Named name="Investigation graph">
                    <GraphScreen />
                </Named>
            );
        case "query":
            return (
                <Named name="Query">
                    <QueryScreen />
                </Named>
            );
        case "search":
            return <SearchScreen />;
        case "proposals":
            return <ProposalsScreen />;
        case "notifications":
            return <NotificationsScreen />;
        case "admin":
            return <AdminScreen tab={id} />;
        default:
            return (
                <Named name="Nothing is at this address">
                    <Empty
                        title="Nothing is at this address"
                        actions={
                            <a class="button" href="/incidents">
                                Open the incident queue
                            </a>
                        }
                    >
                        The link may be older than this version of clew.
                    </Empty>
                </Named>
            );
    }
}

/** A screen whose name is not in sight: assistive technology still finds it. */
function Named({ name, children }: { name: string; children: ComponentChildren }) {
    useTitle(name);
    return (
        <>
            <h1 class="hidden-visually">{name}</h1>
            {children}
        </>
    );
}

export function App() {
    const [map, setMap] = useState(false);
    const [palette, setPalette] = useState(false);
    const search = useRef<HTMLInputElement>(null);
    useEffect(() => follow(), []);
    useEffect(() => followRights(), []);
    useWaiting();
    useArrival();
    const parts = segments.value;
    // A newcomer is met at the queue; whoever was sent a link wants to see what it leads to.
    const met = tourState.value === "new" && atQueue();
    useEffect(() => {
        if (met) tourAsked.value = true;
    }, [met]);
    const bindings: KeyBinding[] = [
        { keys: "?", label: "Show this map", run: () => setMap(true) },
        { keys: "/", label: "Search everything", run: () => search.current?.select() },
        { keys: "Ctrl+K", label: "Find what to do by its words", run: () => setPalette(true), inFields: true },
        ...sections.map((section) => ({ keys: section.key, label: `Go to ${section.label}`, run: () => navigate(section.path) })),
        ...(unread.value === undefined ? [] : [{ keys: "g n", label: "Go to Notifications", run: () => navigate("/notifications") }]),
        { keys: "z", label: "Switch between UTC and local time", run: switchZone },
        { keys: "t", label: "Switch theme", run: switchTheme },
        { keys: "Ctrl+Z", needs: "respond", label: "Undo the last change", run: () => void undoNewest() },
    ];
    useKeys("Everywhere", bindings, true, "page");
    return (
        <div class="app">
            <a class="skip" href="#main" onClick={(event) => focusMain(event)}>
                Skip to the content
            </a>
            <nav class="rail" aria-label="Screens">
                <a class="rail-mark" href="/incidents" aria-label="clew, incident queue">
                    <Mark />
                </a>
                {sections.map((section) => (
                    <a
                        key={section.id}
                        class="rail-item"
                        href={section.path}
                        {...((parts[0] ?? "incidents") === section.id ? { "aria-current": "page" as const } : {})}
                    >
                        <Icon name={section.icon} />
                        <span>{section.label}</span>
                        {section.id === "proposals" && waiting.value > 0 && (
                            <span class="rail-count">
                                {waiting.value > 99 ? "99+" : formatCount(waiting.value)}
                                <span class="hidden-visually"> waiting</span>
                            </span>
                        )}
                    </a>
                ))}
                <span class="grow" />
                <button type="button" class="rail-item" onClick={() => setMap(true)} title="Keyboard map">
                    <Icon name="help" />
                    <span>Keys</span>
                </button>
            </nav>
            <header class="top">
                <GlobalSearch field={search} />
                <span class="grow" />
                {!online.value && (
                    <span class="tag bad" role="status">
                        No answer from the server
                    </span>
                )}
                <ReadOnly right="respond" />
                {!refusal.value && <Bell />}
                <Person />
                <LensButton />
                <button type="button" class="button quiet" onClick={switchZone} title={zoneHint()}>
                    <Icon name="clock" />
                    {zoneName()}
                </button>
                <button
                    type="button"
                    class="button quiet icon"
                    onClick={switchTheme}
                    aria-label={`Theme: ${theme.value}`}
                    title={`Theme: ${theme.value}`}
                >
                    <Icon name={theme.value === "light" ? "sun" : theme.value === "dark" ? "moon" : "screen"} />
                </button>
            </header>
            <main id="main" class="main" tabIndex={-1}>
                {refusal.value ? <SignIn reason={refusal.value} /> : screen(parts)}
            </main>
            <Toasts />
            <Paper />
            <Lens />
            {!refusal.value && tourAsked.value && <Tour />}
            {map && <KeyMap onClose={() => setMap(false)} />}
            {palette && <Palette onClose={() => setPalette(false)} />}
        </div>
    );
}

function focusMain(event: Event): void {
    event.preventDefault();
    document.getElementById("main")?.focus();
}

function switchZone(): void {
    zone.value = zone.value === "utc" ? "local" : "utc";
}

function switchTheme(): void {
    theme.value = theme.value === "system" ? "dark" : theme.value === "dark" ? "light" : "system";
}

function GlobalSearch({ field }: { field: RefObject<HTMLInputElement | null> }) {
    return (
        <form
            class="top-search"
            role="search"
            onSubmit={(event) => {
                event.preventDefault();
                const text = field.current?.value.trim() ?? "";
                if (text) navigate(href("/search", { q: text }));
            }}
        >
            <Icon name="search" />
            <input
                ref={field}
                type="search"
                name="q"
                placeholder="Search incidents, alerts, entities"
                aria-label="Search everything"
                spellcheck={false}
                autocomplete="off"
            />
            <kbd aria-hidden="true">/</kbd>
        </form>
    );
}
