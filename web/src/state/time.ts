// Times as text in the zone that the person chose. Reading one of these in a component makes it follow the choice.
import { localZone, zone } from "./prefs";

type Style = "full" | "minute" | "date" | "clock" | "short";

const fields: Record<Style, Intl.DateTimeFormatOptions> = {
    full: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    minute: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
    date: { year: "numeric", month: "2-digit", day: "2-digit" },
    clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
    short: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
};

const formats = new Map<string, Intl.DateTimeFormat>();

function format(style: Style, timeZone: string): Intl.DateTimeFormat {
    const key = `${style} ${timeZone}`;
    let found = formats.get(key);
    if (!found) {
        found = new Intl.DateTimeFormat("sv-SE", { ...fields[style], hourCycle: "h23", timeZone });
        formats.set(key, found);
    }
    return found;
}

/** The zone in force, as the platform names it. */
export function timeZone(): string {
    return zone.value === "utc" ? "UTC" : localZone;
}

/** `2025-08-22 01:40:09`, in the zone in force; an empty text for no time, the text itself when it is none. */
export function formatTime(time: string | number | null | undefined, style: Style = "full"): string {
    if (time === null || time === undefined || time === "") return "";
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return String(time);
    return format(style, timeZone()).format(date);
}

/** The same instant in UTC, for tooltips: UTC stays visible whatever the choice. */
export function utcTime(time: string | number | null | undefined): string {
    if (!time) return "";
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? String(time) : `${date.toISOString().replace("T", " ").replace(".000Z", "Z")}`;
}

/** How far a zone is from UTC at an instant: `UTC+02:00`. */
export function zoneOffset(at: Date, zone: string): string {
    const part = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
        .formatToParts(at)
        .find((one) => one.type === "timeZoneName");
    return (part?.value ?? "GMT").replace("GMT", "UTC");
}

/** By how many milliseconds the zone in force is ahead of UTC at an instant. */
export function aheadOfUtc(time: number): number {
    return zone.value === "utc" ? 0 : -new Date(time).getTimezoneOffset() * 60_000;
}

/** The zone in force, for the head of the page: `UTC`, or the own zone and how far it is from UTC now. */
export function zoneName(): string {
    return zone.value === "utc" ? "UTC" : `${localZone} (${zoneOffset(new Date(), localZone)})`;
}

/** What the switch of the zone does. */
export function zoneHint(): string {
    if (zone.value === "utc") return `Times are in UTC: show them in ${localZone}`;
    return `Times are in ${localZone}, with UTC beside them (Z): show UTC only`;
}

/**
 * The clock of an instant in UTC, to stand beside its local time: `01:40Z`, with the day in front where that is another one. Nothing
 * where UTC is shown anyway.
 */
export function utcBeside(time: string | number | null | undefined): string {
    if (zone.value === "utc" || !time) return "";
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return "";
    const there = date.toISOString();
    const day = there.slice(0, 10) === format("date", timeZone()).format(date) ? "" : `${there.slice(5, 10)} `;
    return `${day}${there.slice(11, 16)}Z`;
}

const units: [number, string][] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1_000, "s"],
];

/** `2d 4h`, `12m 3s`, `0s`: two units at the most. */
export function formatSpan(milliseconds: number): string {
    let rest = Math.abs(Math.round(milliseconds / 1_000)) * 1_000;
    const parts: string[] = [];
    for (const [size, name] of units) {
        const count = Math.floor(rest / size);
        rest -= count * size;
        if (count > 0) parts.push(`${count}${name}`);
        if (parts.length === 2 || (parts.length > 0 && count === 0)) break;
    }
    return parts.join(" ") || "0s";
}

const numbers = new Intl.NumberFormat("en-US");

/** `43,088`. */
export function formatCount(count: number | null | undefined): string {
    return count === null || count === undefined ? "" : numbers.format(count);
}

/** `2.4 MiB`. */
export function formatBytes(bytes: number): string {
    const names = ["B", "KiB", "MiB", "GiB", "TiB"];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < names.length - 1) {
        value /= 1024;
        unit += 1;
    }
    return `${unit === 0 ? value : value.toFixed(1)} ${names[unit]}`;
}
