// Small parts with one look everywhere: severity, status, time, kind, references to nodes, lists of words.
import type { ComponentChildren } from "preact";
import { nodeHref } from "../router/router";
import { formatTime, utcBeside, utcTime } from "../state/time";
import { Icon, type IconName } from "./icons";
import { kindIcon, kindLabel, kindVariable, severityTone, spaced } from "./kinds";

const strength: Record<string, number> = { critical: 3, high: 3, medium: 2, low: 1, informational: 0, unknown: 0 };

/** A severity: bars in its colour and its name. */
export function Severity({ name, compact = false }: { name: string | null | undefined; compact?: boolean }) {
    const text = name ?? "Unknown";
    const bars = strength[text.toLowerCase()] ?? 0;
    return (
        <span class={`severity ${severityTone(text)}`} title={compact ? text : undefined}>
            <span class="severity-mark" aria-hidden="true">
                <i class={bars > 0 ? "on" : ""} />
                <i class={bars > 1 ? "on" : ""} />
                <i class={bars > 2 ? "on" : ""} />
            </span>
            <span class={compact ? "hidden-visually" : ""}>{text}</span>
        </span>
    );
}

const statusTones: Record<string, string> = { New: "accent", Active: "warn", InProgress: "warn", Closed: "good", Resolved: "good" };

/** A status as a tag. */
export function Status({ name }: { name: string | null | undefined }) {
    const text = name ?? "Unknown";
    return <span class={`tag ${statusTones[text] ?? ""}`}>{spaced(text)}</span>;
}

/** A time in the zone in force; where that is not UTC, the time in UTC stands beside it. */
export function Time({ at, style = "full" }: { at: string | null | undefined; style?: "full" | "minute" | "date" | "clock" | "short" }) {
    if (!at) return <span class="faint">none</span>;
    const utc = utcBeside(at);
    return (
        <time class="number" dateTime={at} title={utcTime(at)}>
            {formatTime(at, style)}
            {utc && <span class="utc"> {utc}</span>}
        </time>
    );
}

/** The icon of a kind in its colour. */
export function KindGlyph({ kind }: { kind: string }) {
    return (
        <span class="kind-glyph" style={{ "--tone": `var(${kindVariable(kind)})` }} title={kindLabel(kind)}>
            <Icon name={kindIcon(kind)} />
            <span class="hidden-visually">{kindLabel(kind)}</span>
        </span>
    );
}

/** A node: icon, name, link to its screen. */
export function NodeLink({ reference, kind, label }: { reference: string; kind?: string; label?: string }) {
    const [prefix = "", ...rest] = reference.split(":");
    return (
        <a class="node-link" href={nodeHref(reference)} title={reference}>
            <KindGlyph kind={kind ?? prefix} />
            <span class="clip">{label ?? rest.join(":")}</span>
        </a>
    );
}

/** The first few of some words, and how many more there are. `plain` words are names, shown as they are. */
export function Words({ of: given, most = 2, plain = false }: { of: readonly string[]; most?: number; plain?: boolean }) {
    if (given.length === 0) return null;
    const of = plain ? given : given.map(spaced);
    return (
        <span class="words" title={of.join(", ")}>
            {of.slice(0, most).map((word) => (
                <span key={word} class="tag">
                    <span class="clip">{word}</span>
                </span>
            ))}
            {of.length > most && (
                <span class="faint small" data-plain>
                    +{of.length - most}
                </span>
            )}
        </span>
    );
}

/** A button that is only an icon; `label` is its name and tooltip. */
export function IconButton({
    icon,
    label,
    onClick,
    small = false,
}: {
    icon: IconName;
    label: string;
    onClick: () => void;
    small?: boolean;
}) {
    return (
        <button type="button" class={`button quiet icon ${small ? "small" : ""}`} aria-label={label} title={label} onClick={onClick}>
            <Icon name={icon} />
        </button>
    );
}

/** Facts as term and value; facts without a value are left out. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
    return (
        <dl class="facts">
            {of
                .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
                .map(([term, value]) => (
                    <>
                        <dt>{term}</dt>
                        <dd>{value}</dd>
                    </>
                ))}
        </dl>
    );
}
