// The investigation graph: canvas, pane, parallel timeline, and the keys that drive them.
import { effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask } from "../api/client";
import { seq } from "../app/live";
import { param, past, place, setParams } from "../router/router";
import { ParallelTimeline } from "../timeline/parallel";
import { Icon } from "../ui/icons";
import { type KeyBinding, useKeys } from "../ui/keys";
import { kindLabel } from "../ui/kinds";
import { Loading, Missing } from "../ui/states";
import { Canvas, openNode } from "./canvas";
import { type Deed, deedsFor, type Surroundings } from "./deeds";
import { ExploreCard } from "./explorations";
import "./graph.css";
import type { GraphView } from "./draw/view";
import { type Kept, putKept, readKept, takeKept, writeKept } from "./kept";
import { LINK_CHARS_MAX, type Link, PARAM_CHARS_MAX, readLink, writeLink } from "./link";
import { run } from "./loads";
import type { NodeId } from "./model";
import { Pane, type PaneTab } from "./pane";
import { type Rows, RowsDrawer } from "./rows";
import type { Point } from "./state";
import { Investigation } from "./store";
import { Toolbar, toggleGrouping } from "./toolbar";
import { type Direction, step } from "./walk";

const PARAM = "g";
const HOVER_MS = 550;
const LEAVE_MS = 260;
const ADDRESS_MS = 400;

/** The investigation graph of some nodes (`incident:5`), in the incident's Graph tab. */
export function Graph({ of }: { of: readonly string[] }) {
    const [root = "", ...others] = of;
    const asOf = past.value;
    const [again, setAgain] = useState(0);
    const key = [...of, asOf, again].join("\n");
    const investigation = useMemo(() => new Investigation(root, others, run, asOf || undefined), [key]);
    useEffect(() => {
        let stop = () => {};
        let gone = false;
        void (async () => {
            const text = textOfAddress();
            const kept = await keptAs(key, text);
            if (gone) return;
            if (kept) investigation.resume(kept);
            else await investigation.open(text ? await readLink(text) : undefined);
            if (gone) return;
            stop = followAddress(investigation, key);
            // What was kept may be of yesterday.
            if (kept) void followAlerts(investigation);
        })();
        return () => {
            gone = true;
            stop();
            investigation.destroy();
        };
    }, [investigation]);
    // Alerts that join or leave the incident elsewhere show here as well.
    const version = seq.value;
    useEffect(() => {
        void followAlerts(investigation);
    }, [investigation, version]);
    if (investigation.error.value !== undefined) {
        const words = root.slice(root.indexOf(":") + 1);
        return <Missing error={investigation.error.value} retry={() => setAgain(again + 1)} words={words} />;
    }
    if (!investigation.loaded.value) return <Loading label="Loading the graph" />;
    return <InvestigationView key={key} of={investigation} />;
}

/** Brings alerts into the graph that joined the incident, and takes out those that left it. */
async function followAlerts(of: Investigation): Promise<void> {
    try {
        await of.follow(async (node) => {
            const incident = await ask("incident", { id: node.slice("incident:".length) });
            return incident.alerts_list.map((alert) => `alert:${alert.id}`);
        });
    } catch {
        // The next change asks again.
    }
}

/** What the address says of the picture: a parameter, or behind `#` where that is too long for a server. */
function textOfAddress(): string {
    return param(PARAM) || new URLSearchParams(place.value.fragment).get(PARAM) || "";
}

/** The investigation that this tab had at this address before it was reloaded or left. */
async function keptAs(of: string, address: string): Promise<Kept | undefined> {
    const text = takeKept(of);
    const kept = text === undefined ? undefined : await readKept(text);
    return kept?.address === address ? kept : undefined;
}

/** The state as the text of an address, and what it leaves out. */
async function textOf(link: Link): Promise<{ text: string; left?: string }> {
    const text = await writeLink(link);
    if (text.length <= LINK_CHARS_MAX) return { text };
    const placeless = await writeLink({ ...link, places: "" });
    if (placeless.length <= LINK_CHARS_MAX) return { text: placeless, left: "where things lie: who opens it sees them arranged anew" };
    const plain = await writeLink({ ...link, places: "", removed: [], hidden: [], ungrouped: [], isolated: [], selected: [], pinned: [] });
    if (plain.length <= LINK_CHARS_MAX) return { text: plain, left: "what was hidden, taken out, isolated and pinned" };
    return { text: "", left: "every question that was asked: it leads to the beginning" };
}

/** Keeps the address on the present state, and the tab on the steps that led to it. */
function followAddress(of: Investigation, key: string): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let turn = 0;
    let said = "";
    const stop = effect(() => {
        const link = of.link();
        // Steps that lead back to the same address are steps all the same.
        void of.history.value;
        clearTimeout(timer);
        of.addressed.value = false;
        turn += 1;
        const mine = turn;
        timer = setTimeout(async () => {
            const { text, left = "" } = await textOf(link);
            if (mine !== turn) return;
            const long = text.length > PARAM_CHARS_MAX;
            const fragment = long ? `${PARAM}=${text}` : "";
            setParams({ [PARAM]: long ? null : text || null }, { replace: true, fragment });
            if (left !== said && left) of.say(`the picture is too large for an address; it leaves out ${left}`);
            said = left;
            const kept = await writeKept(of.kept(text));
            if (mine !== turn) return;
            putKept(key, kept);
            of.addressed.value = true;
        }, ADDRESS_MS);
    });
    return () => {
        clearTimeout(timer);
        turn += 1;
        stop();
    };
}

interface Card {
    readonly id: string;
    readonly focused: boolean;
}

/** Canvas, pane and timeline of an investigation. */
export function InvestigationView({ of, timeline = true }: { of: Investigation; timeline?: boolean }) {
    const view = useRef<GraphView>(null);
    const stage = useRef<HTMLDivElement>(null);
    const [card, setCard] = useState<Card>();
    const [menu, setMenu] = useState<{ id: string; at: Point }>();
    const [tab, setTab] = useState<PaneTab>("details");
    const [rows, setRows] = useState<Rows>();
    const [pathFrom, setPathFrom] = useState<NodeId>();
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const around: Surroundings = {
        placeOf: (id) => of.picture.peek()?.byId.get(id),
        explore: (id) => setCard({ id, focused: true }),
        beginPath: (id) => {
            setPathFrom(id);
            of.say(`path from ${of.nameOf(id)}: choose the other end`);
        },
    };
    usePathEnd(of, pathFrom, () => setPathFrom(undefined));
    useEffect(() => () => clearTimeout(timer.current), []);
    // The pane follows the selection, and the card goes when something else is chosen.
    useEffect(
        () =>
            effect(() => {
                if (of.selection.value.kind !== "none") setTab((before) => (before === "log" ? "details" : before));
                setMenu(undefined);
            }),
        [of],
    );
    const close = () => {
        clearTimeout(timer.current);
        setCard(undefined);
        stage.current?.focus({ preventScroll: true });
    };
    const hover = (id: string | undefined) => {
        clearTimeout(timer.current);
        if (card?.focused) return;
        const node = id === undefined ? undefined : of.scene.peek().byId.get(id);
        const explorable = node && node.members.length === 1 && node.kind !== "alert" && node.kind !== "incident";
        if (id !== undefined && explorable) timer.current = setTimeout(() => setCard({ id, focused: false }), HOVER_MS);
        else if (card) timer.current = setTimeout(() => setCard(undefined), LEAVE_MS);
    };
    /** Whoever presses on the picture wants to drag or choose: what only the resting pointer opened is in the way. */
    const pressed = (event: PointerEvent) => {
        clearTimeout(timer.current);
        if (card && !card.focused && event.target instanceof HTMLCanvasElement) setCard(undefined);
    };
    useGraphKeys(of, { view, around, setTab, setCard, close, pathFrom, setPathFrom });
    const cardNode = card && of.scene.value.byId.get(card.id);
    const at = card && view.current?.screenOf(card.id);
    const busy = of.busy.value.length > 0 || of.picture.value?.scene !== of.scene.value;
    return (
        <section class="graph" aria-label="Investigation graph" aria-busy={busy} data-addressed={of.addressed.value}>
            <Toolbar of={of} view={view} pathFrom={pathFrom} onCancelPath={() => setPathFrom(undefined)} />
            <div class="graph-middle">
                <div
                    class="graph-stage"
                    ref={stage}
                    onPointerDown={pressed}
                    tabIndex={0}
                    role="group"
                    aria-label="Graph. Arrow keys walk, e explores, Enter opens; the list tab shows the same as a tree."
                >
                    <Canvas
                        of={of}
                        view={view}
                        onHover={hover}
                        onMenu={(id, point) => setMenu(id === undefined ? undefined : { id, at: point })}
                    />
                    {!of.settled.value && <div class="graph-wait small muted">Arranging …</div>}
                    {card && cardNode && at && view.current && (
                        <ExploreCard
                            key={card.id}
                            of={of}
                            node={cardNode}
                            at={at}
                            size={view.current.size()}
                            focused={card.focused}
                            onClose={close}
                            onStay={() => clearTimeout(timer.current)}
                            onRows={(found) => {
                                close();
                                setRows(found);
                            }}
                        />
                    )}
                    {menu && <Menu of={of} id={menu.id} at={menu.at} around={around} onClose={() => setMenu(undefined)} />}
                    <Notice of={of} />
                    <Focus of={of} />
                </div>
                <Pane of={of} tab={tab} onTab={setTab} around={around} onRows={setRows} />
            </div>
            {rows && <RowsDrawer rows={rows} onClose={() => setRows(undefined)} />}
            {timeline && <ParallelTimeline of={of} onRows={setRows} />}
        </section>
    );
}

/** Once a path has a beginning, the next single node that is chosen is its end. */
function usePathEnd(of: Investigation, from: NodeId | undefined, done: () => void): void {
    useEffect(() => {
        if (from === undefined) return;
        return effect(() => {
            const selection = of.selection.value;
            if (selection.kind !== "nodes" || selection.ids.length !== 1) return;
            const members = of.scene.peek().byId.get(selection.ids[0] ?? "")?.members ?? [];
            const [to] = members;
            if (members.length !== 1 || to === undefined || to === from) return;
            done();
            void of.load({ kind: "paths", a: from, b: to, mode: "shortest" });
        });
    }, [of, from]);
}

/** The last thing that happened, seen and read aloud. */
function Notice({ of }: { of: Investigation }) {
    const notice = of.notice.value;
    return (
        <div class={`graph-notice small ${notice?.bad ? "bad" : ""}`} role="status" aria-live="polite">
            {notice?.text}
        </div>
    );
}

/** The node that the keyboard is on, read aloud. */
function Focus({ of }: { of: Investigation }) {
    const id = of.focus.value;
    const node = id === undefined ? undefined : of.scene.value.byId.get(id);
    const links = node ? (of.scene.value.touching.get(node.id)?.length ?? 0) : 0;
    return (
        <div class="hidden-visually" role="status" aria-live="polite">
            {node && `${kindLabel(node.kind)} ${node.label}, ${links} links shown${node.inside ? "" : ", outside the incident"}`}
        </div>
    );
}

function Menu({ of, id, at, around, onClose }: { of: Investigation; id: string; at: Point; around: Surroundings; onClose: () => void }) {
    const box = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        box.current?.querySelector<HTMLElement>("button")?.focus();
        const outside = (event: Event) => {
            if (event.target instanceof Node && !box.current?.contains(event.target)) onClose();
        };
        document.addEventListener("pointerdown", outside);
        return () => document.removeEventListener("pointerdown", outside);
    }, []);
    const node = of.scene.value.byId.get(id);
    if (!node) return null;
    const move = (event: KeyboardEvent) => {
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step === 0 && event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        if (step === 0) return onClose();
        const items = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
        items[(items.indexOf(document.activeElement as HTMLElement) + step + items.length) % items.length]?.focus();
    };
    return (
        <div
            class="graph-menu"
            role="menu"
            aria-label={node.label}
            ref={box}
            style={{ left: `${at.x}px`, top: `${at.y}px` }}
            onKeyDown={move}
        >
            {deedsFor(of, [node], around).map((deed) => (
                <button
                    key={deed.id}
                    type="button"
                    role="menuitem"
                    class="menu-item"
                    onClick={() => {
                        onClose();
                        deed.run();
                    }}
                >
                    <Icon name={deed.icon} />
                    <span class="grow">{deed.label}</span>
                    {deed.key && <kbd>{deed.key}</kbd>}
                </button>
            ))}
        </div>
    );
}

interface Driving {
    view: { current: GraphView | null };
    around: Surroundings;
    setTab: (tab: PaneTab) => void;
    setCard: (card: Card | undefined) => void;
    close: () => void;
    pathFrom: NodeId | undefined;
    setPathFrom: (id: NodeId | undefined) => void;
}

function useGraphKeys(of: Investigation, { view, around, setTab, setCard, close, setPathFrom }: Driving): void {
    const target = () => {
        const nodes = of.selected();
        if (nodes.length > 0) return nodes;
        const focus = of.focus.peek();
        const node = focus === undefined ? undefined : of.scene.peek().byId.get(focus);
        return node ? [node] : [];
    };
    const deed = (...ids: string[]) => {
        const found = deedsFor(of, target(), around).find((one: Deed) => ids.includes(one.id));
        if (found) found.run();
        else of.say(target().length === 0 ? "choose a node first" : "not of what is chosen");
    };
    const walk = (direction: Direction) => {
        const picture = of.picture.peek();
        const to = picture && step(picture, of.focus.peek(), direction);
        if (to === undefined) return;
        of.select(to);
        view.current?.reveal(to);
    };
    const bindings: KeyBinding[] = [
        { keys: "ArrowLeft", label: "Walk to the left", run: () => walk("left") },
        { keys: "ArrowRight", label: "Walk to the right", run: () => walk("right") },
        { keys: "ArrowUp", label: "Walk up", run: () => walk("up") },
        { keys: "ArrowDown", label: "Walk down", run: () => walk("down") },
        {
            keys: "e",
            label: "Exploration queries of the node",
            run: () => {
                const [node] = target();
                if (node && node.members.length === 1 && node.kind !== "alert" && node.kind !== "incident") {
                    view.current?.reveal(node.id);
                    setCard({ id: node.id, focused: true });
                } else of.say("exploration queries are about single entities");
            },
        },
        {
            keys: "Enter",
            label: "Open the group or show all links",
            run: () => target()[0] && openNode(of, (target()[0] as { id: string }).id),
        },
        { keys: "-", label: "Collapse the node", run: () => deed("collapse") },
        { keys: "p", label: "Pin or unpin", run: () => deed("pin", "unpin") },
        { keys: "h", label: "Hide", run: () => deed("hide") },
        { keys: "H", label: "Show what is hidden", run: () => of.act({ type: "showAll" }, "showed everything") },
        {
            keys: "i",
            label: "Isolate the node, or end it",
            run: () => (of.state.peek().isolated.size > 0 ? of.act({ type: "unisolate" }, "ended isolation") : deed("isolate")),
        },
        { keys: "b", label: "Blast radius", run: () => deed("blast") },
        { keys: "w", label: "Way: shortest path between two nodes", run: () => deed("shortest", "path") },
        { keys: "W", label: "Way in the order of time", run: () => deed("timed") },
        { keys: "c", label: "Common neighbours of two nodes", run: () => deed("common") },
        { keys: ["Delete", "Backspace"], label: "Remove from the graph", run: () => deed("remove") },
        { keys: ["u", "Ctrl+Z"], label: "Undo", run: () => of.undo() },
        { keys: ["U", "Ctrl+Shift+Z", "Ctrl+Y"], label: "Redo", run: () => of.redo() },
        { keys: "g", label: "Draw alike nodes as one, or not", run: () => toggleGrouping(of) },
        { keys: "a", needs: "respond", label: "Add the alert to the incident", run: () => deed("add") },
        { keys: "f", label: "Show everything", run: () => view.current?.fit() },
        { keys: ["+", "="], label: "Zoom in", run: () => view.current?.zoomBy(1.4) },
        { keys: "_", label: "Zoom out", run: () => view.current?.zoomBy(1 / 1.4) },
        { keys: "l", label: "List of the graph", run: () => setTab("list") },
        { keys: "d", label: "Details of what is selected", run: () => setTab("details") },
        {
            keys: "Escape",
            label: "Close, then select nothing",
            run: () => {
                setPathFrom(undefined);
                close();
                of.select(undefined);
            },
        },
    ];
    useKeys("Graph", bindings);
}
