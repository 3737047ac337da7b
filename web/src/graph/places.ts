// Where things lie, as text short enough for an address: a hash of each name and two whole numbers.
import { hash } from "./layout/layout";
import type { Point } from "./state";

/** Places by the short hash of a name. */
export type Told = ReadonlyMap<number, Point>;

const HASHES = 2 ** 24;
const BYTES = 7;
const FAR = 32_767;

/** The short hash of a name. */
export const shortHash = (name: string): number => Math.floor(hash(name) * HASHES);

/** As text. What lies too far away to be written is left out. */
export function writePlaces(places: Iterable<readonly [string, Point]>): string {
    const near = [...places].filter(([, { x, y }]) => Math.abs(x) <= FAR && Math.abs(y) <= FAR);
    const bytes = new DataView(new ArrayBuffer(near.length * BYTES));
    for (const [index, [name, { x, y }]] of near.entries()) {
        const at = index * BYTES;
        const short = shortHash(name);
        bytes.setUint8(at, short >> 16);
        bytes.setUint16(at + 1, short & 0xffff);
        bytes.setInt16(at + 3, Math.round(x));
        bytes.setInt16(at + 5, Math.round(y));
    }
    let text = "";
    for (const byte of new Uint8Array(bytes.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
}

/** Reads what was written; nothing of a text that is none of ours. */
export function readPlaces(text: string): Told {
    const told = new Map<number, Point>();
    let plain: string;
    try {
        plain = atob(text);
    } catch {
        return told;
    }
    const bytes = new DataView(Uint8Array.from(plain, (one) => one.charCodeAt(0)).buffer);
    for (let at = 0; at + BYTES <= bytes.byteLength; at += BYTES) {
        const short = (bytes.getUint8(at) << 16) | bytes.getUint16(at + 1);
        told.set(short, { x: bytes.getInt16(at + 3), y: bytes.getInt16(at + 5) });
    }
    return told;
}
