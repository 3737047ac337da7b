// Draws a picture: bands, edges, nodes, badges, labels. Alike strokes go into one path; what is too small to be seen is left out.

import { shapes } from "../../ui/icons";
import { kindIcon, spaced } from "../../ui/kinds";
import { severityRank, words } from "../model";
import type { SceneNode } from "../scene";
import { type Ink, strokeIcon } from "./ink";
import { importance, type Rect, shorten, Taken, wrap } from "./labels";
import type { Camera, Picture, PictureEdge, PictureNode } from "./picture";
import { outlineOf, trace, traceSeverity } from "./shapes";
import type { Theme } from "./theme";

export interface Drawing {
    readonly picture: Picture;
    readonly camera: Camera;
    readonly width: number;
    readonly height: number;
    readonly theme: Theme;
    /** While the picture moves, labels and small parts of a large one wait. */
    readonly moving: boolean;
    /** Only these nodes and edges; everything else is left out. */
    readonly only?: { readonly nodes: ReadonlySet<string>; readonly edges: ReadonlySet<string> };
    readonly selected?: ReadonlySet<string>;
    /** Where labels stand already: what is drawn over a picture says the same at the same place. */
    readonly kept?: Places;
}

/** Which of its possible places a node's label has. */
export type Places = ReadonlyMap<string, number>;

/** What was drawn, for tests and the measuring page. */
export interface Drawn {
    nodes: number;
    edges: number;
    labels: number;
    places: Places;
}

/** A node smaller than this on the screen is a dot. */
const DOT_PX = 5;
const PLAIN_DOT_PX = 11;
/** A node larger than this has its icon. */
const ICON_PX = 6.2;
/** Among very many nodes icons wait until they are larger. */
const MANY_NODES = 1_200;
const ICON_CROWDED_PX = 10;
const EDGES_WITH_ARROWS_MAX = 1_500;
const EDGES_WITH_WORDS_MAX = 36;
/** An alert larger than this says its tactics. */
const TACTICS_PX = 10;
const LABELS_MAX = 320;
const LABELS_MOVING_MAX = 60;
/** Pictures with more parts than this are drawn more plainly while they move. */
const LARGE = 900;
const DIM = 0.16;

interface OnScreen {
    readonly one: PictureNode;
    readonly x: number;
    readonly y: number;
    readonly r: number;
}

/** Draws and says how much. */
export function draw(ink: Ink, drawing: Drawing): Drawn {
    const { picture, camera, width, height, only } = drawing;
    const nodes: OnScreen[] = [];
    const margin = 60;
    for (const one of picture.nodes) {
        if (only && !only.nodes.has(one.node.id)) continue;
        const [x, y] = [one.x * camera.k + camera.x, one.y * camera.k + camera.y];
        const r = Math.max(2.2, one.radius * camera.k);
        if (x + r > -margin && x - r < width + margin && y + r > -margin && y - r < height + margin) nodes.push({ one, x, y, r });
    }
    const large = picture.nodes.length + picture.edges.length > LARGE;
    const plain = drawing.moving && large;
    const edges = plain
        ? affordable(drawing)
        : picture.edges.filter((one) => (!only || only.edges.has(one.edge.id)) && crosses(one, drawing));
    ink.lineJoin = "round";
    ink.lineCap = "butt";
    if (!only) drawBands(ink, drawing);
    drawEdges(ink, drawing, edges, plain);
    drawNodes(ink, drawing, nodes, plain);
    const places = drawTexts(ink, drawing, nodes, edges, plain);
    ink.globalAlpha = 1;
    ink.setLineDash([]);
    return { nodes: nodes.length, edges: edges.length, labels: places.size, places };
}

/** Pixels of lines that a moving picture can afford to draw. */
const LINE_PIXELS_MAX = 700_000;

const shortest = new WeakMap<Picture, readonly PictureEdge[]>();

/** While a large picture moves: marked lines and then the shorter ones. Long lines cost most and are blurred by the motion anyway. */
function affordable(drawing: Drawing): PictureEdge[] {
    const { picture, camera, width, height } = drawing;
    const length = ({ source, target }: PictureEdge) => Math.hypot(source.x - target.x, source.y - target.y);
    let sorted = shortest.get(picture);
    if (!sorted) {
        sorted = [...picture.edges].sort((a, b) => Number(b.edge.trail) - Number(a.edge.trail) || length(a) - length(b));
        shortest.set(picture, sorted);
    }
    const found: PictureEdge[] = [];
    const longest = Math.hypot(width, height);
    let pixels = 0;
    for (const one of sorted) {
        if (!crosses(one, drawing)) continue;
        pixels += Math.min(longest, length(one) * camera.k);
        if (pixels > LINE_PIXELS_MAX) break;
        found.push(one);
    }
    return found;
}

function crosses({ source, target }: PictureEdge, { camera, width, height }: Drawing): boolean {
    const left = Math.min(source.x, target.x) * camera.k + camera.x;
    const right = Math.max(source.x, target.x) * camera.k + camera.x;
    const top = Math.min(source.y, target.y) * camera.k + camera.y;
    const bottom = Math.max(source.y, target.y) * camera.k + camera.y;
    return right > 0 && left < width && bottom > 0 && top < height;
}

function drawBands(ink: Ink, { picture, camera, height, width, theme }: Drawing): void {
    let free = 0;
    picture.bands.forEach((band, index) => {
        const from = band.from * camera.k + camera.x;
        const to = band.to * camera.k + camera.x;
        if (to < 0 || from > width) return;
        ink.fillStyle = index % 2 === 0 ? theme.tint(theme.lineStrong, 0.1) : theme.ground;
        ink.fillRect(from, 0, to - from, height);
        if (band.label === "") return;
        ink.font = `600 11px ${theme.font}`;
        ink.textAlign = "center";
        ink.textBaseline = "top";
        ink.fillStyle = theme.muted;
        const middle = (Math.max(0, from) + Math.min(width, to)) / 2;
        // A heading may reach over its band as far as no other stands there; at the border it stands whole.
        const room = Math.floor((Math.min(width - 4, 2 * middle - free) - free) / 6.4);
        const wide = ink.measureText(band.label).width / 2;
        const whole = Math.max(free + wide, Math.min(middle, width - 4 - wide));
        const fits = Math.abs(whole - middle) <= Math.max(wide, (to - from) / 2) && whole + wide < width;
        const text = fits ? band.label : (wrap(band.label, 1, room)[0] ?? "");
        if (!fits && room <= 4) return;
        const at = fits ? whole : middle;
        ink.fillText(text, at, 12);
        free = at + ink.measureText(text).width / 2 + 10;
    });
}

interface Stroke {
    readonly colour: string;
    readonly width: number;
    readonly dash: readonly number[];
    readonly alpha: number;
    readonly edges: PictureEdge[];
}

function drawEdges(ink: Ink, drawing: Drawing, edges: readonly PictureEdge[], plain: boolean): void {
    const { camera, theme, only } = drawing;
    const strokes = new Map<string, Stroke>();
    const dense = edges.length > EDGES_WITH_ARROWS_MAX;
    // The more lines, the fainter each: the nodes stay in front.
    const strength = Math.max(0.26, 0.62 - Math.log10(Math.max(10, edges.length) / 10) * 0.17);
    for (const one of edges) {
        const { edge } = one;
        const weight = Math.min(2.5, 1 + Math.log2(edge.edges.length) * 0.3);
        const width = edge.trail ? 2.6 : dense ? 1 : Math.round(weight * 2) / 2;
        const key = `${edge.inside} ${edge.trail} ${edge.dim} ${width}`;
        let stroke = strokes.get(key);
        if (!stroke) {
            stroke = {
                colour: edge.trail ? theme.accent : only ? theme.muted : theme.tint(theme.muted, strength),
                width: width * (only ? 1.3 : 1),
                // Solid lies inside the incident, dotted outside; of very many lines the dots are longer, for each one costs.
                dash: edge.inside || plain ? [] : dense ? [9, 9] : [2, 4],
                alpha: edge.dim ? DIM : 1,
                edges: [],
            };
            strokes.set(key, stroke);
        }
        stroke.edges.push(one);
    }
    const arrows = !plain && !dense && camera.k * 15 > 5;
    for (const stroke of [...strokes.values()].sort((a, b) => a.width - b.width)) {
        ink.globalAlpha = stroke.alpha;
        ink.strokeStyle = stroke.colour;
        ink.lineWidth = stroke.width;
        ink.setLineDash([...stroke.dash]);
        ink.beginPath();
        for (const { source, target } of stroke.edges) {
            ink.moveTo(source.x * camera.k + camera.x, source.y * camera.k + camera.y);
            ink.lineTo(target.x * camera.k + camera.x, target.y * camera.k + camera.y);
        }
        ink.stroke();
        if (!arrows) continue;
        ink.setLineDash([]);
        ink.fillStyle = stroke.colour;
        ink.beginPath();
        for (const { edge, source, target } of stroke.edges) {
            const size = (stroke.width + 4) * Math.min(1.15, Math.max(0.6, camera.k));
            if (edge.forward) arrow(ink, camera, source, target, size);
            if (edge.backward) arrow(ink, camera, target, source, size);
        }
        ink.fill();
    }
    ink.globalAlpha = 1;
    ink.setLineDash([]);
}

/** An arrowhead whose tip touches the target's outline. */
function arrow(ink: Ink, camera: Camera, from: PictureNode, to: PictureNode, size: number): void {
    const [dx, dy] = [(to.x - from.x) * camera.k, (to.y - from.y) * camera.k];
    const length = Math.hypot(dx, dy);
    const gap = Math.max(2.2, to.radius * camera.k) * (outlineOf(to.node.kind) === "diamond" ? 1.02 : 1) + 1.5;
    if (length < gap + size) return;
    const [ux, uy] = [dx / length, dy / length];
    const [x, y] = [to.x * camera.k + camera.x - ux * gap, to.y * camera.k + camera.y - uy * gap];
    ink.moveTo(x, y);
    ink.lineTo(x - ux * size - uy * size * 0.5, y - uy * size + ux * size * 0.5);
    ink.lineTo(x - ux * size + uy * size * 0.5, y - uy * size - ux * size * 0.5);
    ink.closePath();
}

/** The colour of a node: an alert has that of its severity, everything else that of its kind. */
export function toneOf(node: SceneNode, theme: Theme): string {
    return node.kind === "alert" ? theme.severity(node.severity) : theme.kind(node.kind);
}

function drawNodes(ink: Ink, drawing: Drawing, nodes: readonly OnScreen[], plain: boolean): void {
    const { theme, selected } = drawing;
    const iconPx = nodes.length > MANY_NODES ? ICON_CROWDED_PX : ICON_PX;
    const styles = new Map<string, OnScreen[]>();
    for (const one of nodes) {
        const { node } = one.one;
        const key = `${node.dim} ${node.inside} ${node.kind === "alert" ? `alert ${node.severity}` : node.kind}`;
        const list = styles.get(key);
        if (list) list.push(one);
        else styles.set(key, [one]);
    }
    for (const list of styles.values()) {
        const first = list[0]?.one.node;
        if (!first) continue;
        const tone = toneOf(first, theme);
        const outline = outlineOf(first.kind);
        ink.globalAlpha = first.dim ? DIM : 1;
        // Squares cost a fraction of outlines: while a large picture moves, nobody looks at small nodes.
        const dot = plain ? PLAIN_DOT_PX : DOT_PX;
        const dots = list.filter((one) => one.r < dot);
        if (dots.length > 0) {
            ink.fillStyle = tone;
            ink.beginPath();
            for (const { x, y, r } of dots) ink.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
            ink.fill();
        }
        const full = list.filter((one) => one.r >= dot);
        if (full.length === 0) continue;
        const groups = full.filter((one) => one.one.node.members.length > 1);
        const dash = first.inside || plain ? [] : [2.5, 2.5];
        // A second outline behind a group shows that it is more than one.
        if (groups.length > 0)
            body(
                ink,
                groups.map(({ one, x, y, r }) => ({ one, x: x + r * 0.2, y: y - r * 0.2, r })),
                outline,
                theme.tint(tone, 0.1),
                theme.tint(tone, 0.6),
                dash,
            );
        body(ink, full, outline, theme.tint(tone, first.inside ? 0.22 : 0.08), tone, dash);
        ink.strokeStyle = tone;
        const icon = shapes[kindIcon(first.kind)];
        if (!plain) for (const { x, y, r } of full) if (r >= iconPx) strokeIcon(ink, icon, x, y, r * 1.12);
    }
    ink.globalAlpha = 1;
    if (selected) {
        ink.setLineDash([]);
        ink.strokeStyle = theme.accent;
        ink.lineWidth = 2.5;
        for (const { one, x, y, r } of nodes) {
            if (!selected.has(one.node.id)) continue;
            ink.beginPath();
            trace(ink, outlineOf(one.node.kind), x, y, r + 5);
            ink.stroke();
        }
    }
    if (!plain) for (const one of nodes) if (one.r >= DOT_PX && !one.one.node.dim) badges(ink, theme, one);
}

function body(
    ink: Ink,
    list: readonly OnScreen[],
    outline: ReturnType<typeof outlineOf>,
    fill: string,
    line: string,
    dash: number[],
): void {
    ink.beginPath();
    for (const { x, y, r } of list) trace(ink, outline, x, y, r);
    ink.fillStyle = fill;
    ink.fill();
    ink.strokeStyle = line;
    ink.lineWidth = 1.7;
    ink.setLineDash(dash);
    ink.stroke();
    ink.setLineDash([]);
}

function badges(ink: Ink, theme: Theme, { one: { node }, x, y, r }: OnScreen): void {
    const size = Math.max(3.4, Math.min(6.5, r * 0.32));
    if (node.severity !== undefined && severityRank(node.severity) > 0 && r >= ICON_PX) {
        const [sx, sy] = [x - r * 0.86, y - r * 0.86];
        ink.fillStyle = theme.severity(node.severity);
        ink.strokeStyle = theme.ground;
        ink.lineWidth = 2.4;
        ink.beginPath();
        traceSeverity(ink, node.severity, sx, sy, size);
        ink.stroke();
        ink.fill();
    }
    if (node.members.length > 1) pill(ink, theme, `${node.members.length}`, x + r * 0.86, y + r * 0.8, toneOf(node, theme), theme.ground);
    if (node.folded > 0) pill(ink, theme, `+${node.folded}`, x - r * 0.8, y + r * 0.85, theme.muted, theme.ground);
    if (node.pinned) {
        ink.fillStyle = theme.accent;
        ink.beginPath();
        ink.moveTo(x + r * 0.86 + 3.2, y - r * 0.86);
        ink.arc(x + r * 0.86, y - r * 0.86, 3.2, 0, 2 * Math.PI);
        ink.fill();
    }
}

/** A short text on a rounded ground. */
export function pill(ink: Ink, theme: Theme, text: string, x: number, y: number, fill: string, colour: string): void {
    ink.font = `600 10px ${theme.font}`;
    const half = Math.max(7, ink.measureText(text).width / 2 + 4);
    ink.beginPath();
    ink.moveTo(x - half + 7, y - 7);
    ink.arc(x + half - 7, y, 7, -Math.PI / 2, Math.PI / 2);
    ink.arc(x - half + 7, y, 7, Math.PI / 2, (3 * Math.PI) / 2);
    ink.closePath();
    ink.strokeStyle = theme.ground;
    ink.lineWidth = 2.5;
    ink.stroke();
    ink.fillStyle = fill;
    ink.fill();
    ink.fillStyle = colour;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(text, x, y + 0.5);
}

const LINE_PX = 13;

function drawTexts(ink: Ink, drawing: Drawing, nodes: readonly OnScreen[], edges: readonly PictureEdge[], plain: boolean): Places {
    const { only, kept } = drawing;
    const taken = new Taken();
    for (const { x, y, r } of nodes) if (r >= DOT_PX) taken.take({ left: x - r, top: y - r, right: x + r, bottom: y + r });
    ink.globalAlpha = 1;
    ink.setLineDash([]);
    ink.lineJoin = "round";
    const most = plain ? LABELS_MOVING_MAX : LABELS_MAX;
    const ranked = nodes
        .filter((one) => !one.one.node.dim && (only || one.r >= DOT_PX || one.one.node.root || one.one.node.trail))
        .map((one) => ({ one, rank: importance(one.one.node), stands: kept?.has(one.one.node.id) ?? false }))
        .sort((a, b) => Number(b.stands) - Number(a.stands) || b.rank - a.rank);
    const places = new Map<string, number>();
    ink.textBaseline = "middle";
    for (const { one } of ranked) {
        if (places.size >= most) break;
        const place = label(ink, drawing, taken, one);
        if (place !== undefined) places.set(one.one.node.id, place);
    }
    if (!plain && (only || edges.length <= EDGES_WITH_WORDS_MAX) && drawing.camera.k > 0.7)
        for (const edge of edges) relation(ink, drawing, taken, edge);
    return places;
}

/** The tactics of an alert on one line. */
function tacticWords(tactics: readonly string[]): string {
    const [first, ...rest] = tactics;
    if (first === undefined) return "";
    return rest.length > 0 ? `${spaced(first)} +${rest.length}` : spaced(first);
}

/** Lines and characters of the name that is always shown: where a wide one meets others, a narrow one may not. */
const ROOT_SHAPES = [
    [2, 34],
    [3, 22],
    [1, 22],
] as const;

/** Writes a node's label where it is whole and free; gives which of its places that was. */
function label(ink: Ink, drawing: Drawing, taken: Taken, { one: { node }, x, y, r }: OnScreen): number | undefined {
    const { theme, width, height, only, kept } = drawing;
    const titled = node.kind === "alert" || node.kind === "incident";
    const tactics = node.kind === "alert" && r >= TACTICS_PX ? tacticWords(node.tactics) : "";
    ink.font = `${node.root ? "600 12px" : titled ? "500 11px" : "11px"} ${theme.font}`;
    const around = (title: readonly string[]) => {
        const lines = tactics === "" ? title : [...title, tactics];
        const width = Math.max(...lines.map((line) => ink.measureText(line).width)) + 4;
        const height = lines.length * LINE_PX;
        const rect = (left: number, top: number): Rect => ({ left, top, right: left + width, bottom: top + height });
        return [
            { title, lines, align: "center", at: x, rect: rect(x - width / 2, y + r + 4) },
            { title, lines, align: "left", at: x + r + 8, rect: rect(x + r + 6, y - height / 2) },
            { title, lines, align: "center", at: x, rect: rect(x - width / 2, y - r - height - 4) },
            { title, lines, align: "right", at: x - r - 8, rect: rect(x - r - width - 6, y - height / 2) },
        ] as const;
    };
    const shapes = node.root && titled ? ROOT_SHAPES.map(([rows, chars]) => wrap(node.label, rows, chars)) : [];
    const titles = shapes.length > 0 ? shapes : [titled ? wrap(node.label, 2, 26) : [shorten(node.label, 26)]];
    const all = titles.flatMap(around);
    const stands = all[kept?.get(node.id) ?? -1];
    // A label that the border would cut says something else than its node: it waits until there is room.
    const whole = all.filter(({ rect }) => rect.left >= 0 && rect.top >= 0 && rect.right <= width && rect.bottom <= height);
    let place = stands && taken.free(stands.rect) ? stands : whole.find(({ rect }) => taken.free(rect));
    if (!place && node.root) {
        const from = whole.length > 0 ? whole : all;
        const covers = from.map(({ rect }) => taken.covered(rect));
        place = from[covers.indexOf(Math.min(...covers))];
    }
    if (!place) return undefined;
    const { title, lines, rect } = place;
    taken.take(rect);
    if (only) {
        // What lies dimmed below must not be read with it.
        ink.globalAlpha = 0.88;
        ink.fillStyle = theme.ground;
        ink.fillRect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top);
        ink.globalAlpha = 1;
    }
    ink.textAlign = place.align;
    ink.strokeStyle = theme.ground;
    ink.lineWidth = 3;
    ink.fillStyle = node.inside || node.root ? theme.text : theme.muted;
    lines.forEach((line, index) => {
        const top = rect.top + LINE_PX * (index + 0.5);
        if (index >= title.length) {
            ink.font = `10px ${theme.font}`;
            ink.fillStyle = theme.accent;
        }
        ink.strokeText(line, place.at, top);
        ink.fillText(line, place.at, top);
    });
    return all.indexOf(place);
}

/** What an edge says, at its middle: its relation, and how many stand for it. */
function relation(ink: Ink, { theme, camera }: Drawing, taken: Taken, { edge, source, target }: PictureEdge): void {
    const [first] = edge.relations;
    if (first === undefined || edge.dim) return;
    const name = words(first.split("/").at(-1) ?? first);
    const text =
        edge.relations.length > 1 ? `${edge.relations.length} relations` : edge.edges.length > 1 ? `${name} ×${edge.edges.length}` : name;
    ink.font = `10px ${theme.font}`;
    const width = ink.measureText(text).width + 4;
    const [dx, dy] = [(target.x - source.x) * camera.k, (target.y - source.y) * camera.k];
    if (Math.hypot(dx, dy) < (source.radius + target.radius) * camera.k + width * 0.7) return;
    for (const share of [0.5, 0.38, 0.62]) {
        const x = source.x * camera.k + camera.x + dx * share;
        const y = source.y * camera.k + camera.y + dy * share;
        const rect = { left: x - width / 2, top: y - 7, right: x + width / 2, bottom: y + 7 };
        if (!taken.free(rect)) continue;
        taken.take(rect);
        ink.textAlign = "center";
        ink.textBaseline = "middle";
        ink.strokeStyle = theme.ground;
        ink.lineWidth = 4;
        ink.strokeText(text, x, y);
        ink.fillStyle = edge.trail ? theme.accent : theme.faint;
        ink.fillText(text, x, y);
        return;
    }
}
