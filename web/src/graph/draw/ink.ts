// What drawing needs of a canvas, and the same as SVG text, so that one drawing serves screen, PNG and SVG.

/** The part of a 2D context that the drawing uses. */
export interface Ink {
    fillStyle: string | CanvasGradient | CanvasPattern;
    strokeStyle: string | CanvasGradient | CanvasPattern;
    lineWidth: number;
    globalAlpha: number;
    font: string;
    textAlign: CanvasTextAlign;
    textBaseline: CanvasTextBaseline;
    lineJoin: CanvasLineJoin;
    lineCap: CanvasLineCap;
    beginPath(): void;
    closePath(): void;
    moveTo(x: number, y: number): void;
    lineTo(x: number, y: number): void;
    arc(x: number, y: number, radius: number, from: number, to: number): void;
    rect(x: number, y: number, width: number, height: number): void;
    fill(): void;
    stroke(): void;
    fillRect(x: number, y: number, width: number, height: number): void;
    fillText(text: string, x: number, y: number): void;
    strokeText(text: string, x: number, y: number): void;
    setLineDash(pattern: number[]): void;
    measureText(text: string): { readonly width: number };
}

const paths = new Map<string, Path2D>();

/** Strokes an icon of the 16 grid around a centre. */
export function strokeIcon(ink: Ink, shape: string, x: number, y: number, size: number): void {
    if (ink instanceof SvgInk) {
        ink.icon(shape, x, y, size);
        return;
    }
    const context = ink as unknown as CanvasRenderingContext2D;
    let path = paths.get(shape);
    if (!path) {
        path = new Path2D(shape);
        paths.set(shape, path);
    }
    const scale = size / 16;
    context.save();
    context.translate(x - size / 2, y - size / 2);
    context.scale(scale, scale);
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.lineCap = "round";
    context.stroke(path);
    context.restore();
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as part of an XML document: markup becomes text, and what XML forbids is left out. */
export function xml(text: string): string {
    let out = "";
    for (const one of text) {
        const code = one.codePointAt(0) ?? 0;
        const allowed =
            code === 9 ||
            code === 10 ||
            code === 13 ||
            (code >= 32 && code !== 0xfffe && code !== 0xffff && !(code >= 0xd800 && code < 0xe000));
        if (allowed) out += ESCAPES[one] ?? one;
    }
    return out;
}

const short = (value: number) => String(Math.round(value * 100) / 100);

/** Width of a character as a share of the font's size, near enough for labels. */
const CHARACTER = 0.56;

/** Writes what is drawn as SVG elements. */
export class SvgInk implements Ink {
    fillStyle = "#000000";
    strokeStyle = "#000000";
    lineWidth = 1;
    globalAlpha = 1;
    font = "10px sans-serif";
    textAlign: CanvasTextAlign = "start";
    textBaseline: CanvasTextBaseline = "alphabetic";
    lineJoin: CanvasLineJoin = "miter";
    lineCap: CanvasLineCap = "butt";
    private parts: string[] = [];
    private path = "";
    private dash: number[] = [];

    /** The document: `title` is what a reader is told of the picture. */
    document(width: number, height: number, ground: string, title: string): string {
        const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`;
        return `${head}<title>${xml(title)}</title><rect width="100%" height="100%" fill="${xml(ground)}"/>${this.parts.join("")}</svg>\n`;
    }

    beginPath(): void {
        this.path = "";
    }

    closePath(): void {
        this.path += "Z";
    }

    moveTo(x: number, y: number): void {
        this.path += `M${short(x)} ${short(y)}`;
    }

    lineTo(x: number, y: number): void {
        this.path += `L${short(x)} ${short(y)}`;
    }

    arc(x: number, y: number, radius: number, from: number, to: number): void {
        const point = (angle: number) => `${short(x + Math.cos(angle) * radius)} ${short(y + Math.sin(angle) * radius)}`;
        const r = short(radius);
        const turn = to - from;
        this.path += `${this.path === "" || this.path.endsWith("Z") ? "M" : "L"}${point(from)}`;
        if (turn >= 2 * Math.PI - 1e-6) this.path += `A${r} ${r} 0 1 1 ${point(from + Math.PI)}A${r} ${r} 0 1 1 ${point(from)}Z`;
        else this.path += `A${r} ${r} 0 ${turn > Math.PI ? 1 : 0} 1 ${point(to)}`;
    }

    rect(x: number, y: number, width: number, height: number): void {
        this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
    }

    fill(): void {
        if (this.path) this.parts.push(`<path d="${this.path}" fill="${xml(this.fillStyle)}"${this.alpha()}/>`);
    }

    stroke(): void {
        if (this.path) this.parts.push(`<path d="${this.path}" fill="none"${this.line()}/>`);
    }

    fillRect(x: number, y: number, width: number, height: number): void {
        const box = `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
        this.parts.push(`<rect ${box} fill="${xml(this.fillStyle)}"${this.alpha()}/>`);
    }

    fillText(text: string, x: number, y: number): void {
        this.text(text, x, y, `fill="${xml(this.fillStyle)}"`);
    }

    strokeText(text: string, x: number, y: number): void {
        this.text(text, x, y, `fill="none"${this.line()}`);
    }

    setLineDash(pattern: number[]): void {
        this.dash = pattern;
    }

    measureText(text: string): { readonly width: number } {
        return { width: text.length * this.size() * CHARACTER };
    }

    icon(shape: string, x: number, y: number, size: number): void {
        const move = `translate(${short(x - size / 2)} ${short(y - size / 2)}) scale(${short(size / 16)})`;
        const line = `stroke="${xml(this.strokeStyle)}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"`;
        this.parts.push(`<path d="${shape}" transform="${move}" fill="none" ${line}${this.alpha()}/>`);
    }

    private size(): number {
        return Number(/([\d.]+)px/.exec(this.font)?.[1] ?? 10);
    }

    private alpha(): string {
        return this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
    }

    private line(): string {
        const dash = this.dash.length > 0 ? ` stroke-dasharray="${this.dash.map(short).join(" ")}"` : "";
        const join = ` stroke-linejoin="${this.lineJoin}" stroke-linecap="${this.lineCap}"`;
        return ` stroke="${xml(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}"${join}${dash}${this.alpha()}`;
    }

    private text(text: string, x: number, y: number, paint: string): void {
        const anchor = this.textAlign === "center" ? "middle" : this.textAlign === "right" || this.textAlign === "end" ? "end" : "start";
        const base = this.textBaseline === "middle" ? "central" : this.textBaseline === "top" ? "hanging" : "alphabetic";
        const weight = /\b(?:[5-9]00|bold)\b/.test(this.font) ? ' font-weight="600"' : "";
        const family = this.font.slice(this.font.indexOf("px") + 2).trim();
        const at = `x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" dominant-baseline="${base}"`;
        this.parts.push(`<text ${at} font-size="${this.size()}"${weight} font-family="${xml(family)}" ${paint}>${xml(text)}</text>`);
    }
}
