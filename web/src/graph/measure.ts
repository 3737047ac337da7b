// Measures drawing, hovering and expanding on a large made-up investigation. Reports numbers; judges nothing.
import { pictureOf } from "./draw/picture";
import { themeOfElement } from "./draw/theme";
import { GraphView } from "./draw/view";
import { edge, load, node, synthetic } from "./fixtures";
import { act, BEGIN, begin } from "./history";
import { force } from "./layout/force";
import { finish } from "./layout/layout";
import { sceneOf } from "./scene";
import { apply } from "./state";

export interface Measured {
    readonly nodes: number;
    readonly edges: number;
    readonly layout_ms: number;
    readonly pan: Times;
    readonly zoom: Times;
    readonly hover: Times;
    /** Milliseconds from the answer of an expansion to its picture. */
    readonly expand_500_ms: number;
    /** Of them in the thread of the layouts, where pointer and keys do not wait for it. */
    readonly expand_layout_ms: number;
}

interface Times {
    readonly frames: number;
    readonly p50_ms: number;
    readonly p95_ms: number;
    readonly worst_ms: number;
}

function times(values: readonly number[]): Times {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number) => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
    return { frames: sorted.length, p50_ms: at(0.5), p95_ms: at(0.95), worst_ms: at(1) };
}

const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));

/** Fills `box` with an investigation of the size and moves it about. */
export async function measure(box: HTMLElement, nodes = 5_000, edges = 12_000): Promise<Measured> {
    const roots = new Set(["incident:1"]);
    let history = begin(BEGIN, { type: "load", load: load("root"), batch: synthetic(nodes, edges) });
    history = { ...history, state: apply(history.state, [{ slice: "settings", key: "grouping", before: undefined, after: false }]) };
    const scene = sceneOf(history.state, roots);
    const layoutNodes = (of: typeof scene, known?: ReadonlyMap<string, { x: number; y: number }>) =>
        of.nodes.map((one) => {
            const old = known?.get(one.id);
            return { id: one.id, kind: one.kind, radius: 16, root: one.root, tactics: [], ...(old ? { old } : {}) };
        });
    const begun = performance.now();
    const placed = finish(force(layoutNodes(scene), scene.edges));
    const layout_ms = Math.round(performance.now() - begun);
    const nothing = () => {};
    const view = new GraphView(box, { hover: nothing, select: nothing, open: nothing, menu: nothing, drop: nothing, rest: nothing });
    view.setTheme(themeOfElement(document.documentElement));
    view.setPicture(pictureOf(scene, placed.places, placed.bands));
    view.fit(false);
    await frame();
    await frame();
    const { width, height } = view.size();
    const canvas = box.querySelector<HTMLCanvasElement>("canvas:last-of-type") as HTMLCanvasElement;
    const point = (type: string, x: number, y: number, buttons = 0) => {
        const { left, top } = canvas.getBoundingClientRect();
        const event = { bubbles: true, clientX: left + x, clientY: top + y, buttons, view: window };
        canvas.dispatchEvent(type.startsWith("pointer") ? new PointerEvent(type, event) : new MouseEvent(type, event));
    };
    const collect = async (list: "draws" | "hovers", frames: number, move: (index: number) => void) => {
        const values: number[] = [];
        for (let index = 0; index < frames; index += 1) {
            const before = view.stats()[list].length;
            move(index);
            await frame();
            values.push(...view.stats()[list].slice(before));
        }
        return times(values);
    };
    const start = view.camera();
    const zoomed = { k: start.k * 3, x: width / 2 - (width / 2 - start.x) * 3, y: height / 2 - (height / 2 - start.y) * 3 };
    view.setCamera(zoomed);
    await frame();
    const pan = await collect("draws", 120, (index) =>
        view.setCamera({ ...zoomed, x: zoomed.x + Math.sin(index / 12) * 500, y: zoomed.y + index * 6 }),
    );
    const zoom = await collect("draws", 80, (index) => {
        const k = 1 + index / 40;
        view.setCamera({ k: start.k * k, x: width / 2 - (width / 2 - start.x) * k, y: height / 2 - (height / 2 - start.y) * k });
    });
    view.setCamera(start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const hover = await collect("hovers", 120, (index) =>
        point("pointermove", width / 2 + Math.cos(index) * index * 3, height / 2 + Math.sin(index) * index * 2),
    );
    const anchor = history.state.nodes.keys().next().value as string;
    const fresh = Array.from({ length: 500 }, (_, index) => node(`ip:new-${index}`, { inside: false }));
    const batch = { nodes: fresh, edges: fresh.map((one) => edge(anchor, "connected_to", one.id, { inside: false })) };
    const asked = performance.now();
    history = act(history, { type: "load", load: load("more", { at: 1 }), batch }, "more");
    const grown = sceneOf(history.state, roots);
    const laying = performance.now();
    const again = finish(force(layoutNodes(grown, placed.places), grown.edges));
    const expand_layout_ms = Math.round(performance.now() - laying);
    view.setPicture(pictureOf(grown, again.places, again.bands));
    await frame();
    const expand_500_ms = Math.round(performance.now() - asked);
    view.destroy();
    return { nodes: scene.nodes.length, edges: scene.edges.length, layout_ms, pan, zoom, hover, expand_500_ms, expand_layout_ms };
}
