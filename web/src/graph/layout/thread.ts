// Runs layouts in a thread of their own, so that pointer and keys never wait; where there is none, in slices between frames.
import script from "worker:./worker.ts";
import type { Band, LayoutEdge, LayoutName, LayoutNode, Placed } from "./layout";
import { type Asked, layouts } from "./layouts";
import { type Running, runInSlices } from "./run";

interface Answered {
    readonly number: number;
    readonly placed?: Placed;
    readonly problem?: string;
}

/** Fewer nodes than this are laid out sooner here than a thread could answer. */
const THREAD_MIN = 150;

let worker: Worker | undefined;
let count = 0;

/** Lays out; `write` makes the headings of instants. A layout that is cancelled ends with nothing, and its thread with it. */
export function arrange(
    name: LayoutName,
    nodes: readonly LayoutNode[],
    edges: readonly LayoutEdge[],
    write: (time: number) => string,
): Running {
    const running =
        typeof Worker === "undefined" || nodes.length < THREAD_MIN
            ? runInSlices(layouts[name](nodes, edges))
            : inThread(name, nodes, edges);
    return { cancel: running.cancel, done: running.done.then((placed) => placed && (name === "time" ? headed(placed, write) : placed)) };
}

function headed(placed: Placed, write: (time: number) => string): Placed {
    const label = (band: Band) => (/^-?\d+$/.test(band.label) ? { ...band, label: write(Number(band.label)) } : band);
    return { ...placed, bands: placed.bands.map(label) };
}

function inThread(name: LayoutName, nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Running {
    const mine = worker ?? new Worker(script);
    worker = mine;
    count += 1;
    const number = count;
    let ended = false;
    const done = new Promise<Placed | undefined>((resolve, reject) => {
        const hear = ({ data }: MessageEvent<Answered>) => {
            if (data.number !== number) return;
            finish();
            if (data.placed) resolve(data.placed);
            else reject(new Error(data.problem ?? "the layout failed"));
        };
        // A browser that refuses the thread still gets its picture.
        const fail = () => {
            finish();
            if (worker === mine) worker = undefined;
            runInSlices(layouts[name](nodes, edges)).done.then(resolve, reject);
        };
        const finish = () => {
            ended = true;
            mine.removeEventListener("message", hear);
            mine.removeEventListener("error", fail);
        };
        mine.addEventListener("message", hear);
        mine.addEventListener("error", fail);
        cancels.set(number, () => {
            finish();
            resolve(undefined);
        });
        const asked: Asked = { number, name, nodes, edges: edges.map(({ source, target }) => ({ source, target })) };
        mine.postMessage(asked);
    });
    const cancel = () => {
        if (ended) return;
        cancels.get(number)?.();
        cancels.delete(number);
        // What it works at is of no use: a fresh thread begins at once.
        mine.terminate();
        if (worker === mine) worker = undefined;
    };
    return { done: done.finally(() => cancels.delete(number)), cancel };
}

const cancels = new Map<number, () => void>();
