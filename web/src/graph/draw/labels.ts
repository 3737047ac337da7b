// Which labels fit: the more telling ones first, none over another or over a node.
import { severityRank } from "../model";
import type { SceneNode } from "../scene";

export interface Rect {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
}

const CELL = 48;

/** Rectangles that are taken, found by the cells they touch. */
export class Taken {
    private readonly cells = new Map<number, Rect[]>();

    /** Whether a rectangle meets none that is taken. */
    free(rect: Rect): boolean {
        return this.each(rect, (list) => !list?.some((other) => meets(other, rect)));
    }

    /** How much of a rectangle others have taken, in square pixels; what several have taken counts for each. */
    covered(rect: Rect): number {
        const others = new Set<Rect>();
        this.each(rect, (list) => {
            for (const other of list ?? []) others.add(other);
            return true;
        });
        let sum = 0;
        for (const other of others) {
            const width = Math.min(rect.right, other.right) - Math.max(rect.left, other.left);
            const height = Math.min(rect.bottom, other.bottom) - Math.max(rect.top, other.top);
            if (width > 0 && height > 0) sum += width * height;
        }
        return sum;
    }

    take(rect: Rect): void {
        this.each(rect, (list, key) => {
            if (list) list.push(rect);
            else this.cells.set(key, [rect]);
            return true;
        });
    }

    private each(rect: Rect, visit: (list: Rect[] | undefined, key: number) => boolean): boolean {
        for (let column = Math.floor(rect.left / CELL); column <= Math.floor(rect.right / CELL); column += 1) {
            for (let row = Math.floor(rect.top / CELL); row <= Math.floor(rect.bottom / CELL); row += 1) {
                const key = (column + 4096) * 16_384 + row + 4096;
                if (!visit(this.cells.get(key), key)) return false;
            }
        }
        return true;
    }
}

function meets(a: Rect, b: Rect): boolean {
    return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

/** How much a node's label tells: greater goes first. */
export function importance(node: SceneNode): number {
    const kind = node.kind === "incident" ? 300 : node.kind === "alert" ? 40 : 0;
    const special = (node.root ? 1_000 : 0) + (node.trail ? 500 : 0) + (node.pinned ? 60 : 0);
    return (
        special +
        kind +
        severityRank(node.severity) * 15 +
        Math.min(60, node.members.length * 4) +
        Math.min(50, Math.sqrt(node.degree) * 4) -
        (node.dim ? 400 : 0)
    );
}

const LINE_CHARS = 24;

/** A text in one or two lines; the rest is cut with an ellipsis. Control characters become spaces. */
export function wrap(text: string, lines: number, chars = LINE_CHARS): string[] {
    // Marks that turn the reading direction could make a label show something else than it says.
    const clean = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
    const out: string[] = [];
    let rest = clean;
    while (rest !== "" && out.length < lines) {
        const last = out.length === lines - 1;
        if (rest.length <= chars) {
            out.push(rest);
            break;
        }
        if (last) {
            out.push(`${cut(rest, chars - 1)}…`);
            break;
        }
        const space = rest.lastIndexOf(" ", chars);
        const at = space > chars * 0.4 ? space : chars;
        const line = cut(rest, at);
        out.push(line.trimEnd());
        rest = rest.slice(line.length).trimStart();
    }
    return out;
}

/** Cuts between characters, never inside one that is written as two. */
function cut(text: string, at: number): string {
    const code = text.charCodeAt(at - 1);
    return text.slice(0, code >= 0xd800 && code < 0xdc00 ? at - 1 : at);
}

/** A long path or name keeps its end, which tells it apart. */
export function shorten(text: string, chars: number): string {
    const clean = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
    if (clean.length <= chars) return clean;
    const parts = clean.split(/[\\/]/);
    const tail = parts.at(-1) ?? clean;
    if (parts.length > 2 && tail.length >= 3 && tail.length <= chars - 2) return `…${clean.includes("\\") ? "\\" : "/"}${tail}`;
    return `${cut(clean, Math.ceil(chars * 0.6))}…${clean.slice(clean.length - Math.floor(chars * 0.4) + 1)}`;
}
