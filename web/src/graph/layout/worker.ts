// The thread that layouts run in: it takes a layout's name with its nodes and edges, and gives places.
import { finish } from "./layout";
import { type Asked, layouts } from "./layouts";

self.onmessage = ({ data }: MessageEvent<Asked>) => {
    try {
        self.postMessage({ number: data.number, placed: finish(layouts[data.name](data.nodes, data.edges)) });
    } catch (error) {
        self.postMessage({ number: data.number, problem: error instanceof Error ? error.message : String(error) });
    }
};
