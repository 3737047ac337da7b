// The canvas on the page: two layers (the picture; what is hovered and selected), zoom, pan, drag, and what lies under the pointer.
import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";
import type { Point } from "../state";
import { type Drawn, draw } from "./draw";
import { type Box, type Camera, edgeAt, fitted, nodeAt, type Picture, type PictureNode, pictureOf } from "./picture";
import type { Theme } from "./theme";

/** What a view tells its owner. Positions are pixels of the view. */
export interface ViewEvents {
    hover(node: string | undefined, edge: string | undefined): void;
    select(node: string | undefined, edge: string | undefined, more: boolean): void;
    open(node: string): void;
    menu(node: string | undefined, at: Point): void;
    drop(node: string, place: Point): void;
    /** The camera has come to rest. */
    rest(camera: Camera): void;
}

/** Times of the last drawings in milliseconds, and what the last one held. */
export interface ViewStats {
    readonly draws: readonly number[];
    readonly hovers: readonly number[];
    readonly drawn: Drawn;
}

const TWEEN_MS = 280;
const FLIGHT_MS = 240;
const TWEEN_NODES_MAX = 900;
/** Pictures with more parts are moved as a bitmap while they are panned. */
const BITMAP_PARTS = 1_500;
/** Share of the view that the bitmap reaches beyond each side. */
const BITMAP_MARGIN = 0.5;
/** Nodes nearer to the edge of the view than this have no room for their names. */
const EDGE_PX = 48;

/** A bitmap is not stretched further than this. */
const BITMAP_SCALE_MAX = 1.9;
const SETTLE_MS = 110;
const KEPT = 600;
const DRAG_PX = 4;

export class GraphView {
    private readonly base = document.createElement("canvas");
    private readonly over = document.createElement("canvas");
    private readonly bitmap = document.createElement("canvas");
    private readonly zooming: ZoomBehavior<HTMLCanvasElement, unknown>;
    private readonly observer: ResizeObserver;
    /** What is drawn: while nodes glide, a picture between the last one and the target. */
    private picture: Picture | undefined;
    private target: Picture | undefined;
    private lens: Camera = { k: 1, x: 0, y: 0 };
    private bitmapCamera: Camera | undefined;
    private theme: Theme | undefined;
    private selected: ReadonlySet<string> = new Set();
    private selectedEdge: string | undefined;
    private lit: ReadonlySet<string> | undefined;
    private hoverNode: string | undefined;
    private hoverEdge: string | undefined;
    private drag: { node: PictureNode; begin: Point; moved: boolean } | undefined;
    private moving = false;
    /** Whether the next drawing leaves small parts out, and one behind it draws them. */
    private plain = false;
    private asked = 0;
    private settle: ReturnType<typeof setTimeout> | undefined;
    private width = 1;
    private height = 1;
    private wantsFit = false;
    /** Number of the last way of the camera: a newer one ends an older one. */
    private flight = 0;
    private readonly draws: number[] = [];
    private readonly hovers: number[] = [];
    private drawn: Drawn = { nodes: 0, edges: 0, labels: 0, places: new Map() };

    constructor(
        private readonly box: HTMLElement,
        private readonly events: ViewEvents,
    ) {
        for (const canvas of [this.base, this.over]) {
            canvas.className = "graph-canvas";
            canvas.setAttribute("aria-hidden", "true");
            box.append(canvas);
        }
        this.zooming = zoom<HTMLCanvasElement, unknown>()
            .scaleExtent([0.02, 4])
            .filter((event: MouseEvent | TouchEvent) => this.moves(event))
            .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => this.moveTo(event.transform));
        const over = select(this.over).call(this.zooming).on("dblclick.zoom", null);
        over.on("pointermove", (event: PointerEvent) => this.pointerMoved(event))
            .on("pointerleave", () => this.pointAt(undefined, undefined))
            .on("pointerdown", (event: PointerEvent) => this.pointerDown(event))
            .on("pointerup", (event: PointerEvent) => this.pointerUp(event))
            .on("pointercancel", () => this.dropNothing())
            .on("click", (event: MouseEvent) => this.clicked(event))
            .on("dblclick", (event: MouseEvent) => {
                const { node } = this.at(event);
                if (node) this.events.open(node.node.id);
            })
            .on("contextmenu", (event: MouseEvent) => {
                event.preventDefault();
                this.events.menu(this.at(event).node?.node.id, { x: event.offsetX, y: event.offsetY });
            });
        this.observer = new ResizeObserver(() => this.resized());
        this.observer.observe(box);
        this.resized();
    }

    destroy(): void {
        this.observer.disconnect();
        clearTimeout(this.settle);
        cancelAnimationFrame(this.asked);
        select(this.over).on(".zoom", null);
        this.base.remove();
        this.over.remove();
    }

    setTheme(theme: Theme): void {
        this.theme = theme;
        this.invalidate();
    }

    /** Shows a picture; nodes glide from where they were. */
    setPicture(picture: Picture): void {
        const before = this.picture;
        this.picture = picture;
        this.target = picture;
        if (this.hoverNode !== undefined && !picture.byId.has(this.hoverNode)) this.hoverNode = undefined;
        if (this.hoverEdge !== undefined) this.hoverEdge = undefined;
        if (this.wantsFit && picture.nodes.length > 0) this.fit(false);
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        if (before && !calm && picture.nodes.length <= TWEEN_NODES_MAX && before.nodes.length > 0) this.glide(before, picture);
        else {
            // A large picture shows at once, plainly, and its small parts as soon as nothing else comes.
            if (before && picture.nodes.length + picture.edges.length > BITMAP_PARTS) this.plain = true;
            this.invalidate();
        }
    }

    setSelection(nodes: ReadonlySet<string>, edge: string | undefined): void {
        this.selected = nodes;
        this.selectedEdge = edge;
        this.invalidate();
    }

    /** Lights up some nodes from outside, such as those of a hovered event. */
    setLit(nodes: ReadonlySet<string> | undefined): void {
        this.lit = nodes;
        this.ask();
    }

    /** Shows everything. Before the view has a size and a picture, as soon as it has. */
    fit(animated = true): void {
        if (!this.target || this.target.nodes.length === 0 || this.width < 2) {
            this.wantsFit = true;
            return;
        }
        this.wantsFit = false;
        this.goTo(fitted(this.target.box, this.width, this.height), animated);
    }

    /** Shows a part of the plane. */
    fitBox(box: Box): void {
        this.goTo(fitted(box, this.width, this.height, 90), true);
    }

    /** Brings a node into sight if it is not. */
    reveal(id: string): void {
        const node = this.picture?.byId.get(id);
        if (!node) return;
        const [x, y] = [node.x * this.lens.k + this.lens.x, node.y * this.lens.k + this.lens.y];
        if (x > 40 && x < this.width - 40 && y > 40 && y < this.height - 60 && this.lens.k > 0.25) return;
        const k = Math.max(this.lens.k, 0.7);
        this.goTo({ k, x: this.width / 2 - node.x * k, y: this.height / 2 - node.y * k }, true);
    }

    /** Shows everything if one of these nodes would not be in sight. */
    include(ids: readonly string[]): void {
        const { k, x, y } = this.lens;
        const outside = ids.some((id) => {
            const node = this.target?.byId.get(id);
            if (!node) return false;
            const [left, top] = [node.x * k + x, node.y * k + y];
            return left < EDGE_PX || left > this.width - EDGE_PX || top < EDGE_PX || top > this.height - EDGE_PX;
        });
        if (outside) this.fit();
    }

    zoomBy(factor: number): void {
        const k = Math.max(0.02, Math.min(4, this.lens.k * factor));
        const [x, y] = [this.width / 2, this.height / 2];
        const share = k / this.lens.k;
        this.goTo({ k, x: x - (x - this.lens.x) * share, y: y - (y - this.lens.y) * share }, true);
    }

    setCamera(camera: Camera): void {
        this.wantsFit = false;
        this.goTo(camera, false);
    }

    /** Where a node is on the view. */
    screenOf(id: string): Point | undefined {
        const node = this.picture?.byId.get(id);
        return node && { x: node.x * this.lens.k + this.lens.x, y: node.y * this.lens.k + this.lens.y };
    }

    camera(): Camera {
        return this.lens;
    }

    /** The middles of the lines on the view. */
    edgeMiddles(): readonly Point[] {
        const { k, x, y } = this.lens;
        return (this.target?.edges ?? []).map(({ source, target }) => ({
            x: ((source.x + target.x) / 2) * k + x,
            y: ((source.y + target.y) / 2) * k + y,
        }));
    }

    /** Headings of the present layout. */
    bands(): readonly string[] {
        return this.target?.bands.map((band) => band.label) ?? [];
    }

    size(): { width: number; height: number } {
        return { width: this.width, height: this.height };
    }

    /** Whether the picture is the wanted one and nothing moves: places on the view can be relied on. */
    atRest(): boolean {
        return this.picture !== undefined && this.picture === this.target && !this.moving && this.asked === 0 && !this.wantsFit;
    }

    stats(): ViewStats {
        return { draws: this.draws, hovers: this.hovers, drawn: this.drawn };
    }

    private goTo(camera: Camera, animated: boolean): void {
        const set = ({ k, x, y }: Camera) => this.zooming.transform(select(this.over), zoomIdentity.translate(x, y).scale(k));
        this.flight += 1;
        if (!animated || matchMedia("(prefers-reduced-motion: reduce)").matches) {
            set(camera);
            return;
        }
        const [from, flight, begin] = [this.lens, this.flight, performance.now()];
        const step = () => {
            if (flight !== this.flight) return;
            const share = Math.min(1, (performance.now() - begin) / FLIGHT_MS);
            const ease = 1 - (1 - share) ** 3;
            const part = (a: number, b: number) => a + (b - a) * ease;
            set({ k: part(from.k, camera.k), x: part(from.x, camera.x), y: part(from.y, camera.y) });
            if (share < 1) requestAnimationFrame(step);
        };
        step();
    }

    private moveTo(camera: Camera): void {
        this.lens = { k: camera.k, x: camera.x, y: camera.y };
        this.moving = true;
        clearTimeout(this.settle);
        this.settle = setTimeout(() => {
            this.moving = false;
            this.invalidate();
            this.events.rest(this.lens);
        }, SETTLE_MS);
        this.ask();
    }

    private resized(): void {
        const { clientWidth, clientHeight } = this.box;
        if (clientWidth < 2 || clientHeight < 2) return;
        this.width = clientWidth;
        this.height = clientHeight;
        const ratio = devicePixelRatio || 1;
        for (const canvas of [this.base, this.over]) {
            canvas.width = Math.round(clientWidth * ratio);
            canvas.height = Math.round(clientHeight * ratio);
        }
        if (this.wantsFit) this.fit(false);
        this.bitmapCamera = undefined;
        this.paint();
    }

    private invalidate(): void {
        this.bitmapCamera = undefined;
        this.ask();
    }

    private ask(): void {
        if (this.asked) return;
        this.asked = requestAnimationFrame(() => {
            this.asked = 0;
            this.paint();
        });
    }

    private glide(from: Picture, to: Picture): void {
        const begin = performance.now();
        // What is new comes from what it is linked with.
        const origin = new Map<string, Point>();
        for (const one of to.nodes) {
            const before = from.byId.get(one.node.id) ?? this.beside(from, to, one);
            if (before) origin.set(one.node.id, before);
        }
        const step = () => {
            if (this.picture !== to && this.picture !== current) return;
            const share = Math.min(1, (performance.now() - begin) / TWEEN_MS);
            const ease = 1 - (1 - share) ** 3;
            const places = new Map<string, Point>();
            for (const one of to.nodes) {
                const start = origin.get(one.node.id) ?? one;
                places.set(one.node.id, { x: start.x + (one.x - start.x) * ease, y: start.y + (one.y - start.y) * ease });
            }
            current = share < 1 ? pictureOf(to.scene, places, to.bands) : to;
            this.picture = current;
            this.bitmapCamera = undefined;
            this.paint();
            if (share < 1) requestAnimationFrame(step);
        };
        let current = to;
        step();
    }

    private beside(from: Picture, to: Picture, one: PictureNode): Point | undefined {
        for (const { source, target } of to.touching.get(one.node.id) ?? []) {
            const other = source === one ? target : source;
            const before = from.byId.get(other.node.id);
            if (before) return before;
        }
        return undefined;
    }

    private paint(): void {
        const { picture, theme } = this;
        if (!picture || !theme) return;
        const begin = performance.now();
        const large = picture.nodes.length + picture.edges.length > BITMAP_PARTS;
        const plain = this.plain;
        this.plain = false;
        if (plain) setTimeout(() => this.invalidate(), SETTLE_MS);
        if (!(large && this.moving && this.paintBitmap(picture, theme))) {
            const context = this.clear(this.base, theme.ground);
            this.drawn = draw(context, {
                picture,
                camera: this.lens,
                width: this.width,
                height: this.height,
                theme,
                moving: this.moving || plain,
                selected: this.selected,
            });
        }
        keep(this.draws, performance.now() - begin);
        this.paintOver();
    }

    /** Moves and scales a bitmap of a larger part of the plane; draws it anew when the view leaves it. */
    private paintBitmap(picture: Picture, theme: Theme): boolean {
        const ratio = devicePixelRatio || 1;
        const [mx, my] = [Math.round(this.width * BITMAP_MARGIN), Math.round(this.height * BITMAP_MARGIN)];
        const [width, height] = [this.width + 2 * mx, this.height + 2 * my];
        /** Where the bitmap of a camera lies under the present one. */
        const lie = (from: Camera) => {
            const scale = this.lens.k / from.k;
            return { scale, x: this.lens.x - (from.x + mx) * scale, y: this.lens.y - (from.y + my) * scale };
        };
        const covers = ({ scale, x, y }: ReturnType<typeof lie>) =>
            scale < BITMAP_SCALE_MAX && x <= 0 && y <= 0 && x + width * scale >= this.width && y + height * scale >= this.height;
        if (!this.bitmapCamera || !covers(lie(this.bitmapCamera))) {
            this.bitmap.width = Math.round(width * ratio);
            this.bitmap.height = Math.round(height * ratio);
            const context = this.clear(this.bitmap, theme.ground);
            const camera = { k: this.lens.k, x: this.lens.x + mx, y: this.lens.y + my };
            this.drawn = draw(context, { picture, camera, width, height, theme, moving: true, selected: this.selected });
            this.bitmapCamera = this.lens;
        }
        const at = lie(this.bitmapCamera);
        const context = this.clear(this.base, theme.ground);
        context.imageSmoothingEnabled = at.scale !== 1;
        context.drawImage(this.bitmap, at.x, at.y, width * at.scale, height * at.scale);
        return true;
    }

    private clear(canvas: HTMLCanvasElement, ground: string | undefined): CanvasRenderingContext2D {
        const context = canvas.getContext("2d", { alpha: ground === undefined });
        if (!context) throw new Error("the browser gives no 2D canvas");
        const ratio = devicePixelRatio || 1;
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        if (ground === undefined) context.clearRect(0, 0, canvas.width, canvas.height);
        else {
            context.fillStyle = ground;
            context.fillRect(0, 0, canvas.width, canvas.height);
        }
        return context;
    }

    /** What is pointed at, over a veil that dims the rest. */
    private paintOver(): void {
        const { picture, theme } = this;
        if (!picture || !theme) return;
        const begin = performance.now();
        const context = this.clear(this.over, undefined);
        const focus = this.focus(picture);
        if (focus) {
            context.globalAlpha = 0.74;
            context.fillStyle = theme.ground;
            context.fillRect(0, 0, this.width, this.height);
            context.globalAlpha = 1;
            const { lens: camera, width, height, selected } = this;
            draw(context, { picture, camera, width, height, theme, moving: false, only: focus, selected, kept: this.drawn.places });
        }
        keep(this.hovers, performance.now() - begin);
    }

    private focus(picture: Picture): { nodes: Set<string>; edges: Set<string> } | undefined {
        const nodes = new Set<string>();
        const edges = new Set<string>();
        const edgeId = this.hoverEdge ?? (this.hoverNode === undefined && !this.lit ? this.selectedEdge : undefined);
        if (this.hoverNode !== undefined && !this.drag?.moved) {
            nodes.add(this.hoverNode);
            for (const { edge } of picture.touching.get(this.hoverNode) ?? []) {
                edges.add(edge.id);
                nodes.add(edge.source).add(edge.target);
            }
        } else if (edgeId !== undefined) {
            const found = picture.edges.find(({ edge }) => edge.id === edgeId);
            if (!found) return undefined;
            edges.add(edgeId);
            nodes.add(found.edge.source).add(found.edge.target);
        } else if (this.lit && this.lit.size > 0) {
            for (const id of this.lit) nodes.add(id);
            for (const { edge } of picture.edges) if (nodes.has(edge.source) && nodes.has(edge.target)) edges.add(edge.id);
        } else return undefined;
        return { nodes, edges };
    }

    /** Whether an event begins to move the plane: one on a node moves the node, but two fingers always mean the plane. */
    private moves(event: MouseEvent | TouchEvent): boolean {
        if (event.type === "wheel") return true;
        if ("touches" in event) {
            const [finger] = event.touches;
            return event.touches.length > 1 || finger === undefined || this.at(finger).node === undefined;
        }
        return !event.button && this.at(event).node === undefined;
    }

    private at(event: { clientX: number; clientY: number }): { node?: PictureNode; edge?: string } {
        if (!this.picture) return {};
        const { left, top } = this.over.getBoundingClientRect();
        const [x, y] = [event.clientX - left, event.clientY - top];
        const node = nodeAt(this.picture, this.lens, x, y);
        if (node) return { node };
        const edge = edgeAt(this.picture, this.lens, x, y);
        return edge ? { edge: edge.edge.id } : {};
    }

    private pointAt(node: string | undefined, edge: string | undefined): void {
        if (node === this.hoverNode && edge === this.hoverEdge) return;
        this.hoverNode = node;
        this.hoverEdge = edge;
        this.over.style.cursor = node !== undefined || edge !== undefined ? "pointer" : "grab";
        this.events.hover(node, edge);
        this.paintOver();
    }

    private pointerMoved(event: PointerEvent): void {
        if (this.drag && this.picture) {
            const { node, begin } = this.drag;
            const [dx, dy] = [event.clientX - begin.x, event.clientY - begin.y];
            this.drag.moved ||= Math.hypot(dx, dy) > DRAG_PX;
            if (this.drag.moved) {
                const places = new Map<string, Point>(this.picture.nodes.map((one) => [one.node.id, one]));
                places.set(node.node.id, { x: node.x + dx / this.lens.k, y: node.y + dy / this.lens.k });
                this.picture = pictureOf(this.picture.scene, places, this.picture.bands);
                this.invalidate();
            }
            return;
        }
        if (event.buttons !== 0) return;
        const { node, edge } = this.at(event);
        this.pointAt(node?.node.id, edge);
    }

    private pointerDown(event: PointerEvent): void {
        if (event.button !== 0) return;
        // A second finger: what the first one began is over.
        if (!event.isPrimary) {
            this.dropNothing();
            return;
        }
        const { node } = this.at(event);
        if (!node) return;
        this.drag = { node, begin: { x: event.clientX, y: event.clientY }, moved: false };
        this.over.setPointerCapture(event.pointerId);
    }

    private pointerUp(event: PointerEvent): void {
        const drag = this.drag;
        this.drag = undefined;
        if (!drag?.moved) return;
        const place = {
            x: drag.node.x + (event.clientX - drag.begin.x) / this.lens.k,
            y: drag.node.y + (event.clientY - drag.begin.y) / this.lens.k,
        };
        this.dropped = true;
        this.events.drop(drag.node.node.id, { x: Math.round(place.x), y: Math.round(place.y) });
    }

    /** Ends a drag without a drop: the node lies again where it lay. */
    private dropNothing(): void {
        if (this.drag?.moved) {
            this.picture = this.target;
            this.invalidate();
        }
        this.drag = undefined;
    }

    /** The click that ends a drag selects nothing. */
    private dropped = false;

    private clicked(event: MouseEvent): void {
        if (this.dropped) {
            this.dropped = false;
            return;
        }
        const { node, edge } = this.at(event);
        this.events.select(node?.node.id, edge, event.shiftKey || event.ctrlKey || event.metaKey);
    }
}

function keep(list: number[], value: number): void {
    list.push(value);
    if (list.length > KEPT) list.splice(0, list.length - KEPT);
}
