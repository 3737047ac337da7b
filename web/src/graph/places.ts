// Where things lie, as text short enough for an address: a hash of each name and two whole numbers. Names stand in the order of their
// hashes, so that the step to the next one is a small number.
import { hash } from "./layout/layout";
import { base64, unbase64 } from "./packed";
import type { Point } from "./state";

/** Places by the short hash of a name. */
export type Told = ReadonlyMap<number, Point>;

/** Wide enough that of 5,000 names hardly two share a hash. */
const HASHES = 2 ** 24;
const FAR = 32_767;

/** The short hash of a name. */
export const shortHash = (name: string): number => Math.floor(hash(name) * HASHES);

/** As text. What lies too far away to be written is left out. */
export function writePlaces(places: Iterable<readonly [string, Point]>): string {
    const near = [...places]
        .filter(([, { x, y }]) => Math.abs(x) <= FAR && Math.abs(y) <= FAR)
        .map(([name, { x, y }]) => ({ short: shortHash(name), x: Math.round(x), y: Math.round(y) }))
        .sort((a, b) => a.short - b.short);
    const bytes: number[] = [];
    let last = 0;
    for (const { short, x, y } of near) {
        put(bytes, short - last);
        put(bytes, folded(x));
        put(bytes, folded(y));
        last = short;
    }
    return base64(Uint8Array.from(bytes));
}

/** Reads what was written; nothing of a text that is none of ours. */
export function readPlaces(text: string): Told {
    const told = new Map<number, Point>();
    let bytes: Uint8Array;
    try {
        bytes = unbase64(text);
    } catch {
        return told;
    }
    let at = 0;
    const next = () => {
        let value = 0;
        for (let factor = 1; factor < HASHES * 2; factor *= 128) {
            const byte = bytes[at];
            if (byte === undefined) return undefined;
            at += 1;
            value += (byte & 0x7f) * factor;
            if (byte < 128) return value;
        }
        return undefined;
    };
    let short = 0;
    for (;;) {
        const [step, x, y] = [next(), next(), next()];
        if (step === undefined || x === undefined || y === undefined) return told;
        short += step;
        const place = { x: unfolded(x), y: unfolded(y) };
        if (short >= HASHES || Math.abs(place.x) > FAR || Math.abs(place.y) > FAR) return told;
        told.set(short, place);
    }
}

/** A whole number of seven bits a byte, the lowest first. */
function put(bytes: number[], value: number): void {
    let rest = value;
    while (rest >= 128) {
        bytes.push((rest % 128) + 128);
        rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
}

/** Numbers near nought are small, whichever their sign. */
const folded = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unfolded = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);
