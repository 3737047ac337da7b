// What can be done with selected things: one list for the toolbar, the menu of a node and the keyboard map.
import { mayDo, whyNot } from "../access/rights";
import { ask } from "../api/client";
import { changed } from "../incident/change";
import { past } from "../router/router";
import type { IconName } from "../ui/icons";
import { openNode } from "./canvas";
import type { NodeId } from "./model";
import type { SceneNode } from "./scene";
import type { Point } from "./state";
import type { Investigation } from "./store";

export interface Deed {
    readonly id: string;
    readonly label: string;
    readonly key?: string;
    readonly icon: IconName;
    readonly run: () => void;
}

/** What the canvas knows and a deed may need. */
export interface Surroundings {
    placeOf(id: string): Point | undefined;
    explore(id: string): void;
    /** The node that a path shall begin at, once a second one is chosen. */
    beginPath(id: NodeId): void;
}

const isEntity = (node: SceneNode) => node.kind !== "alert" && node.kind !== "incident";

/** The deeds that fit some drawn things, the more usual ones first. */
export function deedsFor(of: Investigation, nodes: readonly SceneNode[], around: Surroundings): Deed[] {
    const [first, second] = nodes;
    if (!first) return [];
    const ids = nodes.flatMap((node) => node.members);
    const name = nodes.length === 1 ? first.label : `${nodes.length} nodes`;
    const single = nodes.length === 1 && first.members.length === 1 ? first.members[0] : undefined;
    const state = of.state.value;
    const deeds: (Deed | false | undefined)[] = [
        single !== undefined &&
            isEntity(first) && { id: "explore", label: "Explore", key: "e", icon: "search", run: () => around.explore(first.id) },
        nodes.length === 1 && {
            id: "open",
            label: first.members.length > 1 ? "Open group" : first.folded > 0 ? "Expand" : "Show all links",
            key: "Enter",
            icon: "plus",
            run: () => openNode(of, first.id),
        },
        single !== undefined &&
            first.folded === 0 && {
                id: "collapse",
                label: "Collapse",
                key: "-",
                icon: "minus",
                run: () => of.act({ type: "collapse", ids: [single] }, `collapsed ${name}`),
            },
        ids.some((id) => state.ungrouped.has(id)) && {
            id: "regroup",
            label: "Group with its like",
            icon: "group",
            run: () => of.act({ type: "regroup", ids: alike(of, ids) }, `grouped ${name}`),
        },
        ...pathDeeds(of, first, second, nodes.length, around),
        single !== undefined && {
            id: "blast",
            label: "Blast radius",
            key: "b",
            icon: "pulse",
            run: () => void of.load({ kind: "blast", node: single }),
        },
        addDeed(of, nodes, name),
        pinDeed(of, nodes, ids, name, around),
        {
            id: "isolate",
            label: "Isolate",
            key: "i",
            icon: "filter",
            run: () => of.act({ type: "isolate", ids: withNeighbors(of, nodes) }, `isolated ${name}`),
        },
        { id: "hide", label: "Hide", key: "h", icon: "close", run: () => hide(of, ids, name) },
        nodes.every((node) => !node.root) && {
            id: "remove",
            label: "Remove from the graph",
            key: "Delete",
            icon: "minus",
            run: () => {
                of.act({ type: "remove", ids }, `removed ${name}`);
                of.select(undefined);
            },
        },
    ];
    return deeds.filter((deed): deed is Deed => Boolean(deed));
}

function hide(of: Investigation, ids: readonly NodeId[], name: string): void {
    of.act({ type: "hide", ids }, `hid ${name}`);
    of.select(undefined);
}

function pathDeeds(
    of: Investigation,
    first: SceneNode,
    second: SceneNode | undefined,
    count: number,
    around: Surroundings,
): (Deed | false)[] {
    const a = first.members[0] as NodeId;
    if (count === 1) {
        return [first.members.length === 1 && { id: "path", label: "Path to …", key: "w", icon: "graph", run: () => around.beginPath(a) }];
    }
    if (count !== 2 || !second || first.members.length > 1 || second.members.length > 1) return [];
    const b = second.members[0] as NodeId;
    return [
        {
            id: "shortest",
            label: "Shortest path",
            key: "w",
            icon: "graph",
            run: () => void of.load({ kind: "paths", a, b, mode: "shortest" }),
        },
        {
            id: "timed",
            label: "Path in order of time",
            key: "W",
            icon: "clock",
            run: () => void of.load({ kind: "paths", a, b, mode: "time" }),
        },
        { id: "rare", label: "Path past hubs", icon: "graph", run: () => void of.load({ kind: "paths", a, b, mode: "rare" }) },
        { id: "common", label: "Common neighbours", key: "c", icon: "group", run: () => void of.load({ kind: "common", a, b }) },
    ];
}

/** Alerts from outside can join the incident that the graph is about. The change is the server's: it is taken back there. */
function addDeed(of: Investigation, nodes: readonly SceneNode[], name: string): Deed | false {
    const incident = [...of.roots.value].find((id) => id.startsWith("incident:"));
    if (past.value || incident === undefined || nodes.some((node) => node.kind !== "alert" || node.inside)) return false;
    const add = nodes.flatMap((node) => node.members).map((id) => id.slice("alert:".length));
    const run = async () => {
        const id = incident.slice("incident:".length);
        const made = await changed(ask("update_incident_alerts", { id }, { body: { add, remove: [] } }), `Added ${name} to the incident`);
        if (made) await of.renew();
    };
    return {
        id: "add",
        label: "Add to the incident",
        key: "a",
        icon: "plus",
        run: () => (mayDo("respond") ? void run() : of.say(whyNot("respond"), true)),
    };
}

function pinDeed(of: Investigation, nodes: readonly SceneNode[], ids: readonly NodeId[], name: string, around: Surroundings): Deed | false {
    if (nodes.every((node) => node.pinned)) {
        return { id: "unpin", label: "Unpin", key: "p", icon: "star", run: () => of.act({ type: "unpin", ids }, `unpinned ${name}`) };
    }
    const places = new Map<NodeId, Point>();
    for (const node of nodes) {
        const place = around.placeOf(node.id);
        const [id] = node.members;
        if (place && id !== undefined && node.members.length === 1) places.set(id, place);
    }
    return (
        places.size > 0 && { id: "pin", label: "Pin", key: "p", icon: "star", run: () => of.act({ type: "pin", places }, `pinned ${name}`) }
    );
}

/** The members of some drawn things and of everything that touches them. */
function withNeighbors(of: Investigation, nodes: readonly SceneNode[]): NodeId[] {
    const scene = of.scene.peek();
    const ids = new Set(nodes.map((node) => node.id));
    for (const node of nodes) for (const edge of scene.touching.get(node.id) ?? []) ids.add(edge.source).add(edge.target);
    return [...ids].flatMap((id) => scene.byId.get(id)?.members ?? []);
}

/** Opened members of the same kind. */
function alike(of: Investigation, ids: readonly NodeId[]): NodeId[] {
    const state = of.state.peek();
    const kinds = new Set(ids.map((id) => state.nodes.get(id)?.kind));
    return [...state.ungrouped.keys()].filter((id) => kinds.has(state.nodes.get(id)?.kind));
}
