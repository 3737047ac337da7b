// The picture as a file: SVG and PNG as it is drawn, JSON as it is known.
import { saveFile } from "../state/csv";
import { draw } from "./draw/draw";
import { type Ink, SvgInk } from "./draw/ink";
import type { Picture } from "./draw/picture";
import type { Theme } from "./draw/theme";
import { linkOf } from "./link";
import type { GraphState } from "./state";

/** Room around the nodes in which the longest label has its place, below a node or beside it. */
const PADDING_X = 180;
const PADDING_Y = 60;
/** Browsers refuse larger canvases. */
const PNG_SIDE_MAX = 8_000;

/** The whole picture at its true size, in the middle of its frame. */
function frame({ box }: Picture) {
    const width = Math.max(320, Math.ceil(box.right - box.left + 2 * PADDING_X));
    const height = Math.max(240, Math.ceil(box.bottom - box.top + 2 * PADDING_Y));
    return { width, height, camera: { k: 1, x: (width - box.left - box.right) / 2, y: (height - box.top - box.bottom) / 2 } };
}

/** The whole picture as an SVG document. */
export function svgOf(picture: Picture, theme: Theme, title: string): string {
    const { width, height, camera } = frame(picture);
    const ink = new SvgInk();
    draw(ink, { picture, camera, width, height, theme, moving: false });
    return ink.document(width, height, theme.ground, title);
}

/** The whole picture as PNG, twice as fine as on the screen where that is not too large. */
export async function pngOf(picture: Picture, theme: Theme): Promise<Blob | undefined> {
    const { width, height, camera } = frame(picture);
    const scale = Math.min(2, PNG_SIDE_MAX / width, PNG_SIDE_MAX / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    if (!context) return undefined;
    context.scale(scale, scale);
    context.fillStyle = theme.ground;
    context.fillRect(0, 0, width, height);
    draw(context as Ink, { picture, camera, width, height, theme, moving: false });
    return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), "image/png"));
}

/** Nodes, links and how they are shown, with places. */
export function jsonOf(state: GraphState, picture: Picture): string {
    const places = Object.fromEntries(picture.nodes.map(({ node, x, y }) => [node.id, { x, y, members: node.members }]));
    const { calls, ...view } = linkOf(state, []);
    return `${JSON.stringify({ nodes: [...state.nodes.values()], edges: [...state.edges.values()].map(({ id: _, ...edge }) => edge), questions: calls, view, places }, null, 2)}\n`;
}

export function save(name: string, type: string, part: BlobPart): void {
    saveFile(name, type, [part]);
}
