// One investigation on the page: history, scene, places, selection and what is under way, as signals that the parts of the screen follow.
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { errorDetail, isAbort } from "../api/client";
import { formatCount, formatTime } from "../state/time";
import type { Action } from "./actions";
import { type Picture, pictureOf, radiusOfNode } from "./draw/picture";
import { act, BEGIN, begin, type History, redo, redoLabel, undo, undoLabel } from "./history";
import type { Kept } from "./kept";
import type { LayoutNode, Placed } from "./layout/layout";
import type { Running } from "./layout/run";
import { arrange } from "./layout/thread";
import { isEmpty, type Link, liesFresh, linkOf, namesBehind } from "./link";
import { type Call, callKey, describe, type Found, type Load, run } from "./loads";
import type { GraphNode, NodeId } from "./model";
import { readPlaces, shortHash, type Told, writePlaces } from "./places";
import { joining } from "./previews";
import { type Scene, type SceneEdge, type SceneNode, sceneOf } from "./scene";
import { type GraphState, groupingOf, layoutOf, type Point, type Settings, setting } from "./state";

/** What the pane beside the canvas shows. */
export type Selection =
    | { readonly kind: "none" }
    | { readonly kind: "nodes"; readonly ids: readonly string[] }
    | { readonly kind: "edge"; readonly id: string };

/** Something to tell a person and a screen reader. */
export interface Notice {
    readonly text: string;
    readonly bad: boolean;
}

/** Asks a question; tests give their own. */
export type Ask = (call: Call, state: GraphState, signal?: AbortSignal) => Promise<Found>;

export class Investigation {
    readonly history = signal<History>(BEGIN);
    readonly state: ReadonlySignal<GraphState> = computed(() => this.history.value.state);
    readonly roots = signal<ReadonlySet<NodeId>>(new Set());
    readonly scene: ReadonlySignal<Scene> = computed(() => sceneOf(this.state.value, this.roots.value));
    /** The scene without the chosen instant and window: places are worked out for all of time. */
    private readonly arrangement: ReadonlySignal<Arrangement> = computed(() => {
        const { state } = this.history.value;
        const key = [
            ...PLACING.map((slice) => state[slice]),
            layoutOf(state),
            groupingOf(state),
            setting(state, "trail"),
            this.roots.value,
        ];
        if (key.every((part, index) => part === this.last?.key[index])) return this.last as Arrangement;
        const settings = new Map(state.settings);
        settings.delete("asOf");
        settings.delete("window");
        this.last = { key, state, scene: sceneOf({ ...state, settings }, this.roots.value) };
        return this.last;
    });
    private last: Arrangement | undefined;
    private readonly placed = signal<Placed | undefined>(undefined);
    readonly picture = signal<Picture | undefined>(undefined);
    readonly selection = signal<Selection>({ kind: "none" });
    /** The node that the keyboard is on. */
    readonly focus = signal<string | undefined>(undefined);
    /** Nodes of the state that a hovered event is about. */
    readonly lit = signal<ReadonlySet<NodeId> | undefined>(undefined);
    /** Drawn thing under the pointer. */
    readonly hovered = signal<string | undefined>(undefined);
    readonly busy = signal<readonly string[]>([]);
    readonly notice = signal<Notice | undefined>(undefined);
    readonly error = signal<unknown>(undefined);
    readonly loaded = signal(false);
    /** Whether the first layout is done; tests and the fit wait for it. */
    readonly settled = signal(false);
    /** Whether the address holds the present state, where it holds states. */
    readonly addressed = signal(true);
    /** Counts arrangements that lie elsewhere than the one before: the view then shows everything. */
    readonly arranged = signal(0);
    /** What the last answer brought, until the view has shown it. */
    readonly arrived = signal<readonly NodeId[] | undefined>(undefined);
    readonly canUndo = computed(() => undoLabel(this.history.value));
    readonly canRedo = computed(() => redoLabel(this.history.value));

    private readonly places = new Map<string, Map<string, Point>>();
    /** Places that the address told: what has none yet takes its own from here. */
    private told: Told = new Map();
    /** Whether places do not follow from the state: something was moved or put anew by hand. */
    private readonly own = signal(false);
    private readonly controller = new AbortController();
    private running: Running | undefined;
    private arrangedAs: string | undefined;
    private readonly stop: () => void;
    /** Last answers by question, for "show query" and rows. */
    private readonly answers = new Map<string, Found>();
    /** What each question brought: what of it is gone, somebody took out. */
    private readonly brought = new Map<string, readonly NodeId[]>();

    constructor(
        readonly root: NodeId,
        private readonly others: readonly NodeId[] = [],
        private readonly ask: Ask = run,
        /** The instant of which the roots are shown as they were known then. */
        readonly knownAt?: string,
    ) {
        const arrange = effect(() => this.layOut(this.arrangement.value));
        const show = effect(() => this.show(this.scene.value, this.placed.value));
        this.stop = () => {
            arrange();
            show();
        };
    }

    destroy(): void {
        this.stop();
        this.running?.cancel();
        this.controller.abort();
    }

    /** Loads the root and then what an address told. */
    async open(link?: Link): Promise<void> {
        try {
            this.told = readPlaces(link?.places ?? "");
            this.own.value = this.told.size > 0;
            for (const node of [this.root, ...this.others]) await this.begin(node);
            this.loaded.value = true;
            if (link && !isEmpty(link)) await this.tellAgain(link);
            // What the questions of an address brought lies around the roots: the view shows all of it.
            if (link?.calls.length) this.arrived.value = [...this.state.peek().nodes.keys()];
        } catch (error) {
            if (!isAbort(error)) this.error.value = error;
        }
    }

    /** Goes on where this tab was before a reload: nothing is asked, and every step can still be undone. */
    resume(kept: Kept): void {
        this.told = readPlaces(kept.places);
        this.own.value = this.told.size > 0;
        for (const [key, ids] of kept.brought) this.brought.set(key, ids);
        batch(() => {
            this.roots.value = new Set(kept.roots);
            this.history.value = kept.history;
            const known = kept.selected.filter((id) => this.scene.peek().byId.has(id));
            if (known.length > 0) this.selection.value = { kind: "nodes", ids: known };
            this.loaded.value = true;
        });
    }

    /** What a reload needs to go on at the state that has this `address`. */
    kept(address: string): Kept {
        const selection = this.selection.peek();
        return {
            address,
            history: this.history.peek(),
            roots: [...this.roots.peek()],
            brought: [...this.brought],
            places: this.lie(),
            selected: selection.kind === "nodes" ? selection.ids : [],
        };
    }

    /** What answers brought and a person took out again. */
    private removed(state: GraphState): NodeId[] {
        const gone = new Set<NodeId>();
        for (const key of state.loads.keys()) for (const id of this.brought.get(key) ?? []) if (!state.nodes.has(id)) gone.add(id);
        return [...gone];
    }

    private async begin(node: NodeId): Promise<readonly GraphNode[]> {
        const call: Call = { kind: "root", node, ...(this.knownAt ? { asOf: this.knownAt } : {}) };
        const found = await this.ask(call, this.state.peek(), this.controller.signal);
        const self = found.batch.nodes.find((one) => one.id === node) ?? found.batch.nodes[0];
        if (!self) throw new Error(`nothing is known of ${node}`);
        const key = callKey(call);
        // Asked once more, a question does not bring back what a person took out.
        const state = this.state.peek();
        const out = new Set(state.loads.has(key) ? (this.brought.get(key) ?? []).filter((id) => !state.nodes.has(id)) : []);
        const nodes = found.batch.nodes.filter((one) => !out.has(one.id));
        this.brought.set(
            key,
            found.batch.nodes.map((one) => one.id),
        );
        batch(() => {
            this.roots.value = new Set([...this.roots.peek(), self.id]);
            this.history.value = begin(this.history.peek(), {
                type: "load",
                load: { key, call, at: 0 },
                batch: { ...found.batch, nodes },
            });
            this.tell(found.notes);
        });
        return found.batch.nodes;
    }

    /** Asks for the roots once more: what lies inside the incident has changed. Nothing that a person did is lost. */
    async renew(): Promise<void> {
        try {
            const inside = new Set<NodeId>();
            for (const node of [this.root, ...this.others]) {
                for (const one of await this.begin(node)) if (one.inside) inside.add(one.id);
            }
            this.history.value = { ...this.history.peek(), state: within(this.state.peek(), inside) };
        } catch (error) {
            if (!isAbort(error)) this.say(errorDetail(error).message, true);
        }
    }

    /** Renews the graph if alerts joined or left the incident. */
    async follow(alertsOf: (incident: NodeId) => Promise<readonly NodeId[]>): Promise<void> {
        if (!this.loaded.peek() || this.knownAt || !this.root.startsWith("incident:") || this.others.length > 0) return;
        const known = [...this.state.peek().nodes.values()].filter((node) => node.kind === "alert" && node.inside).map((node) => node.id);
        const alerts = new Set(await alertsOf(this.root));
        for (const id of this.removed(this.state.peek())) alerts.delete(id);
        if (known.length !== alerts.size || known.some((id) => !alerts.has(id))) await this.renew();
    }

    private async tellAgain(link: Link): Promise<void> {
        for (const call of link.calls) await this.load(call, true);
        const put = (action: Action) => {
            this.history.value = begin(this.history.peek(), action);
        };
        batch(() => {
            const names = namesBehind([...this.state.peek().nodes.keys()]);
            if (link.removed.length > 0) put({ type: "remove", ids: names(link.removed) });
            if (link.hidden.length > 0) put({ type: "hide", ids: names(link.hidden) });
            if (link.collapsed.length > 0) put({ type: "collapse", ids: names(link.collapsed) });
            if (link.ungrouped.length > 0) put({ type: "ungroup", ids: names(link.ungrouped) });
            if (link.isolated.length > 0) put({ type: "isolate", ids: names(link.isolated) });
            const pins = link.pinned.flatMap(([id, place]) => names([id]).map((one) => [one, place] as const));
            if (pins.length > 0) put({ type: "pin", places: new Map(pins) });
            for (const name of Object.keys(link.settings) as (keyof Settings)[]) {
                put({ type: "set", name, value: link.settings[name] } as Action);
            }
            const drawn = this.scene.peek().byId;
            const known = namesBehind(drawn.keys())(link.selected).filter((id) => drawn.has(id));
            if (known.length > 0) this.selection.value = { kind: "nodes", ids: known };
        });
    }

    /** What the address should say. */
    link(): Link {
        const selection = this.selection.value;
        const state = this.state.value;
        const removed = this.removed(state);
        const fresh = liesFresh(state) && removed.length === 0 && !this.own.value;
        return linkOf(state, selection.kind === "nodes" ? selection.ids : [], fresh ? "" : this.lie(), removed);
    }

    /** Where everything in the picture lies, as an address tells it. */
    private lie(): string {
        // What is placed anew must be told anew, although the map of places stays the same one.
        void this.placed.value;
        const known = this.places.get("force");
        const { nodes } = this.arrangement.value.scene;
        return writePlaces(
            nodes.flatMap(({ id }) => {
                const place = known?.get(id);
                return place ? [[id, place] as const] : [];
            }),
        );
    }

    /** Does something that can be undone. */
    act(action: Action, label: string, merge?: string): void {
        this.history.value = act(this.history.peek(), action, label, merge);
    }

    undo(): void {
        const label = undoLabel(this.history.peek());
        this.history.value = undo(this.history.peek());
        this.say(label === undefined ? "nothing to undo" : `undone: ${label}`);
    }

    redo(): void {
        const label = redoLabel(this.history.peek());
        this.history.value = redo(this.history.peek());
        this.say(label === undefined ? "nothing to do again" : `done again: ${label}`);
    }

    /** What a question would bring; nothing joins. */
    foresee(call: Call, signal: AbortSignal): Promise<Found> {
        return this.ask(call, this.state.peek(), signal);
    }

    /** Asks a question, or takes the answer that is at hand; what it finds joins the graph. Gives the answer, or nothing when it failed. */
    async load(call: Call, silent = false, known?: Found): Promise<Found | undefined> {
        const label = describe(call, (id) => this.nameOf(id));
        this.busy.value = [...this.busy.peek(), label];
        try {
            const found = known ?? (await this.ask(call, this.state.peek(), this.controller.signal));
            const key = callKey(call);
            this.answers.set(key, found);
            this.brought.set(
                key,
                found.batch.nodes.map((node) => node.id),
            );
            const at = Math.max(0, ...[...this.state.peek().loads.values()].map((load) => load.at)) + 1;
            const load: Load = {
                key,
                call,
                at,
                ...(found.trail ? { trail: found.trail } : {}),
                ...(found.links ? { links: found.links } : {}),
            };
            const before = this.state.peek();
            const action: Action = { type: "load", load, batch: found.batch };
            this.history.value = silent ? begin(this.history.peek(), action) : act(this.history.peek(), action, label);
            if (!silent) {
                this.arrived.value = found.batch.nodes.map((node) => node.id).filter((id) => !before.nodes.has(id));
                this.report(label, before, found);
            }
            return found;
        } catch (error) {
            if (!isAbort(error)) this.say(`${label}: ${errorDetail(error).message}`, true);
            return undefined;
        } finally {
            const list = [...this.busy.peek()];
            list.splice(list.indexOf(label), 1);
            this.busy.value = list;
        }
    }

    private report(label: string, before: GraphState, found: Found): void {
        const { nodes, edges } = joining(found, before);
        const some = (count: number, name: string) => `${formatCount(count)} new ${name}${count === 1 ? "" : "s"}`;
        const text = nodes + edges === 0 ? "nothing new" : `${some(nodes, "node")}, ${some(edges, "link")}`;
        this.say([`${label}: ${found.said ?? text}`, ...(found.said && nodes + edges > 0 ? [text] : []), ...found.notes].join("; "));
    }

    private tell(notes: readonly string[]): void {
        if (notes.length > 0) this.say(notes.join("; "));
    }

    say(text: string, bad = false): void {
        this.notice.value = { text, bad };
    }

    /** The answer to a question that was asked here, if it still is at hand. */
    answerOf(key: string): Found | undefined {
        return this.answers.get(key);
    }

    nameOf(id: NodeId): string {
        return this.state.peek().nodes.get(id)?.label ?? id;
    }

    /** The nodes of the state behind drawn things. */
    membersOf(ids: readonly string[]): GraphNode[] {
        const scene = this.scene.peek();
        return ids.flatMap((id) => scene.byId.get(id)?.members ?? []).flatMap((id) => this.state.peek().nodes.get(id) ?? []);
    }

    select(id: string | undefined, more = false): void {
        const before = this.selection.peek();
        if (id === undefined) this.selection.value = { kind: "none" };
        else if (more && before.kind === "nodes") {
            const ids = before.ids.includes(id) ? before.ids.filter((one) => one !== id) : [...before.ids, id];
            this.selection.value = ids.length === 0 ? { kind: "none" } : { kind: "nodes", ids };
        } else this.selection.value = { kind: "nodes", ids: [id] };
        if (id !== undefined) this.focus.value = id;
    }

    selectEdge(id: string): void {
        this.selection.value = { kind: "edge", id };
    }

    /** Drawn things that are selected and still there. */
    selected(): SceneNode[] {
        const selection = this.selection.value;
        if (selection.kind !== "nodes") return [];
        return selection.ids.flatMap((id) => this.scene.value.byId.get(id) ?? []);
    }

    selectedEdge(): SceneEdge | undefined {
        const selection = this.selection.value;
        return selection.kind === "edge" ? this.scene.value.edges.find((edge) => edge.id === selection.id) : undefined;
    }

    /** Moves a group: it has no pin, for its members may change, but its place is kept while the page is open. */
    moveGroup(id: string, place: Point): void {
        const scene = this.arrangement.peek().scene;
        const known = this.places.get(layoutOf(this.state.peek()));
        if (!known?.has(id)) return;
        known.set(id, place);
        for (const member of scene.byId.get(id)?.members ?? []) known.set(partKey(member), place);
        this.own.value = true;
        this.placed.value = { places: known, bands: this.placed.peek()?.bands ?? [] };
    }

    /** Puts everything of the present layout anew. Pins stay. */
    rearrange(): void {
        this.places.delete(layoutOf(this.state.peek()));
        this.told = new Map();
        this.own.value = !liesFresh(this.state.peek());
        this.arrangedAs = undefined;
        this.layOut(this.arrangement.peek());
    }

    /** Gives new things a place; what has one keeps it. */
    private layOut({ scene, state }: Arrangement): void {
        this.running?.cancel();
        const name = layoutOf(state);
        const known = this.places.get(name) ?? new Map<string, Point>();
        this.places.set(name, known);
        const nodes = scene.nodes.map((node) => layoutNode(state, node, known, this.told, name));
        const running = arrange(name, nodes, scene.edges, (time) => formatTime(time, "minute"));
        this.running = running;
        void running.done.then((placed) => {
            if (!placed) return;
            for (const node of scene.nodes) {
                const place = placed.places.get(node.id);
                if (!place) continue;
                known.set(node.id, place);
                // Members take the group's place with them, so that an opened group lies where it was.
                for (const id of node.members) known.set(partKey(id), place);
            }
            batch(() => {
                this.placed.value = { places: known, bands: placed.bands };
                if (this.arrangedAs !== name) this.arranged.value += 1;
                this.arrangedAs = name;
            });
        });
    }

    /** Shows a scene as soon as everything in it has a place. */
    private show(scene: Scene, placed: Placed | undefined): void {
        if (!placed || scene.nodes.some((node) => !placed.places.has(node.id))) return;
        this.picture.value = pictureOf(scene, placed.places, placed.bands);
        if (scene.nodes.length > 0) this.settled.value = true;
    }
}

/** The state in which just these nodes lie inside the incident. */
function within(state: GraphState, inside: ReadonlySet<NodeId>): GraphState {
    const nodes = [...state.nodes.values()].map((node) =>
        node.inside === inside.has(node.id) ? node : { ...node, inside: inside.has(node.id) },
    );
    const edges = [...state.edges.values()].map((edge) =>
        edge.inside && !(inside.has(edge.source) && inside.has(edge.target)) ? { ...edge, inside: false } : edge,
    );
    return { ...state, nodes: new Map(nodes.map((node) => [node.id, node])), edges: new Map(edges.map((edge) => [edge.id, edge])) };
}

/** Parts of the state that places depend on. */
const PLACING = ["nodes", "edges", "hidden", "pinned", "collapsed", "ungrouped", "isolated"] as const;

interface Arrangement {
    readonly key: readonly unknown[];
    readonly state: GraphState;
    readonly scene: Scene;
}

const partKey = (id: NodeId) => `part ${id}`;

function layoutNode(state: GraphState, node: SceneNode, known: ReadonlyMap<string, Point>, told: Told, layout: string): LayoutNode {
    const pin = node.members.length === 1 ? state.pinned.get(node.members[0] as string) : undefined;
    // Layouts with a meaning in their axes put everything anew: a place there is a fact, not a habit.
    const old = layout === "force" ? (known.get(node.id) ?? told.get(shortHash(node.id))) : undefined;
    const hint =
        layout === "force" && !old ? node.members.map((id) => known.get(partKey(id))).find((place) => place !== undefined) : undefined;
    const { first } = node;
    return {
        id: node.id,
        kind: node.kind,
        radius: radiusOfNode(node),
        root: node.root,
        tactics: node.tactics,
        ...(first === undefined ? {} : { first }),
        ...(old ? { old } : {}),
        ...(hint ? { hint } : {}),
        ...(pin ? { pin } : {}),
    };
}

/** The instant up to which the picture shows what happened, if one is chosen. */
export function asOfOf(state: GraphState): number | undefined {
    return setting(state, "asOf");
}
