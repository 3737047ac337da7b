// A scale of time whose quiet stretches are short: what happens years apart still shows what happened within minutes.
import { utcDay, utcHour, utcMinute, utcMonth, utcSecond, utcTicks, utcYear } from "d3-time";

/** A stretch of time and the pixels it has. */
export interface Stretch {
    readonly from: number;
    readonly to: number;
    readonly left: number;
    readonly right: number;
    /** Nothing happens in it: its pixels are few. */
    readonly quiet: boolean;
}

export interface TimeScale {
    readonly stretches: readonly Stretch[];
    readonly width: number;
    x(time: number): number;
    time(x: number): number;
}

/** Pixels of a quiet stretch. */
const QUIET_PX = 26;
/** A gap is quiet when it takes more than this share of the whole. */
const QUIET_SHARE = 0.12;
const QUIET_MAX = 6;
const MARGIN = 0.02;
const INSTANT_SHARE = 0.05;

/** A scale over `from` to `to` for things that happen at `times` (sorted), `width` pixels wide. */
export function timeScale(times: readonly number[], from: number, to: number, width: number, squeeze = true): TimeScale {
    const span = Math.max(1_000, to - from);
    const { gaps: quiet, busy } = squeeze ? gaps(times, span) : { gaps: [], busy: span };
    // Room at the ends is a part of what is busy: quiet years must not take it.
    const [begin, end] = [from - busy * MARGIN, from + span + busy * MARGIN];
    const told = end - begin - quiet.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const perMilli = Math.max(1, width - quiet.length * QUIET_PX) / Math.max(1, told);
    const stretches: Stretch[] = [];
    let left = 0;
    let at = begin;
    const push = (until: number, pixels: number, isQuiet: boolean) => {
        if (until <= at) return;
        stretches.push({ from: at, to: until, left, right: left + pixels, quiet: isQuiet });
        left += pixels;
        at = until;
    };
    for (const gap of quiet) {
        push(gap.from, (gap.from - at) * perMilli, false);
        push(gap.to, QUIET_PX, true);
    }
    push(end, (end - at) * perMilli, false);
    return { stretches, width, x: (time) => project(stretches, time), time: (x) => unproject(stretches, x) };
}

/** The widest gaps between things, drawn in a little so that what stands beside them has room; and how much time is left without them. */
function gaps(times: readonly number[], span: number): { gaps: { from: number; to: number }[]; busy: number } {
    const found: { from: number; to: number; size: number }[] = [];
    for (let index = 1; index < times.length; index += 1) {
        const [a, b] = [times[index - 1] as number, times[index] as number];
        if (b > a) found.push({ from: a, to: b, size: b - a });
    }
    found.sort((a, b) => b.size - a.size);
    let left = span;
    let count = 0;
    for (const { size } of found) {
        if (count === QUIET_MAX || size <= span * QUIET_SHARE) break;
        left -= size;
        count += 1;
    }
    const kept = found.slice(0, count);
    // Where everything happens at single instants, the gaps say how much room these need.
    const busy = left >= 1_000 ? left : Math.max(1_000, (kept.at(-1)?.size ?? 0) * INSTANT_SHARE);
    const drawn = kept.map(({ from, to, size }) => {
        const side = Math.min(size * 0.2, busy * 0.04);
        return { from: from + side, to: to - side };
    });
    return { gaps: drawn.filter((gap) => gap.to > gap.from).sort((a, b) => a.from - b.from), busy };
}

/** The scale of items: from the first of them to the end of the last. Without any there is no time on it. */
export function scaleOf(items: readonly { readonly time: number; readonly end?: number }[], width: number): TimeScale {
    // The end of what lasts is a moment too: a gap inside an interval is not quiet.
    const times = items.flatMap((item) => (item.end === undefined ? [item.time] : [item.time, item.end])).sort((a, b) => a - b);
    const [first] = times;
    if (first === undefined) return { stretches: [], width, x: () => 0, time: () => 0 };
    return timeScale(times, first, Math.max(times.at(-1) ?? 0, first + 1_000), width);
}

function project(stretches: readonly Stretch[], time: number): number {
    for (const one of stretches) {
        if (time <= one.to) return one.left + (Math.max(0, time - one.from) / (one.to - one.from)) * (one.right - one.left);
    }
    return stretches.at(-1)?.right ?? 0;
}

function unproject(stretches: readonly Stretch[], x: number): number {
    for (const one of stretches) {
        if (x <= one.right && one.right > one.left)
            return one.from + (Math.max(0, x - one.left) / (one.right - one.left)) * (one.to - one.from);
    }
    return stretches.at(-1)?.to ?? 0;
}

export interface Tick {
    readonly x: number;
    readonly time: number;
    /** How fine the tick is: what of the time must be written. */
    readonly grain: "year" | "month" | "day" | "hour" | "minute" | "second";
    /** Whether it is the first of its stretch: what the others leave out must be said here. */
    readonly first: boolean;
}

/**
 * Ticks of every stretch that is not quiet, about one for each `every` pixels. `ahead` says by how many milliseconds the clock in force is
 * ahead of UTC at an instant: days and hours begin when they do there.
 */
export function ticks(scale: TimeScale, ahead: (time: number) => number = () => 0, every = 110): Tick[] {
    return scale.stretches.flatMap((one) => {
        const pixels = one.right - one.left;
        if (one.quiet || pixels < 24) return [];
        const count = Math.max(1, Math.floor(pixels / every));
        const shift = ahead(one.from);
        return utcTicks(new Date(one.from + shift), new Date(one.to + shift), count).map((date, index) => ({
            first: index === 0,
            x: scale.x(date.getTime() - shift),
            time: date.getTime() - shift,
            grain: grainOf(date),
        }));
    });
}

function grainOf(date: Date): Tick["grain"] {
    if (utcSecond(date) < date || utcMinute(date) < date) return "second";
    if (utcHour(date) < date) return "minute";
    if (utcDay(date) < date) return "hour";
    if (utcMonth(date) < date) return "day";
    return utcYear(date) < date ? "month" : "year";
}
