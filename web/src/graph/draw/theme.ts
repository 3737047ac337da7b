// The colours of the canvas: the page's own variables, read anew when the theme changes.
import { kindVariable, severities } from "../../ui/kinds";

export interface Theme {
    readonly ground: string;
    readonly surface: string;
    readonly raised: string;
    readonly line: string;
    readonly lineStrong: string;
    readonly text: string;
    readonly muted: string;
    readonly faint: string;
    readonly accent: string;
    readonly accentSoft: string;
    readonly onAccent: string;
    readonly font: string;
    severity(name: string | undefined): string;
    kind(name: string): string;
    /** A tone over the ground, for large areas. The system's colours are not mixed: it is the one or the other. */
    tint(tone: string, share: number): string;
    /** How opaque a mark of a strength is. In the system's colours it is whole, or hardly there. */
    opacity(strength: number): number;
}

/** Less of a tone only tells an area from the ground beside it. */
const FAINT = 0.25;

/** Reads the colours by the names of their variables. */
export function themeOf(variable: (name: string) => string): Theme {
    const cache = new Map<string, string>();
    const read = (name: string) => {
        let value = cache.get(name);
        if (value === undefined) {
            value = variable(name).trim();
            cache.set(name, value);
        }
        return value;
    };
    const known = new Set<string>(severities);
    const ground = read("--ground");
    const mixed = read("--tints") !== "none";
    return {
        ground,
        surface: read("--surface"),
        raised: read("--raised"),
        line: read("--line"),
        lineStrong: read("--line-strong"),
        text: read("--text"),
        muted: read("--muted"),
        faint: read("--faint"),
        accent: read("--accent"),
        accentSoft: read("--accent-soft"),
        onAccent: read("--on-accent"),
        font: read("--font") || "sans-serif",
        severity: (name) => read(`--${(name !== undefined && known.has(name) ? name : "Unknown").toLowerCase()}`),
        kind: (name) => read(kindVariable(name)),
        tint: (tone, share) => (mixed ? mix(ground, tone, share) : share < FAINT ? ground : tone),
        opacity: (strength) => (mixed || strength < FAINT ? strength : 1),
    };
}

/** The colours of a document's element. */
export function themeOfElement(element: Element): Theme {
    const style = getComputedStyle(element);
    return themeOf((name) => inNumbers(style.getPropertyValue(name).trim()));
}

/** A colour of the system (`CanvasText`) as `#rrggbb`: a probe in the document knows it. Everything else stays as it is. */
function inNumbers(value: string): string {
    if (!CSS.supports("color", value) || value.startsWith("#")) return value;
    const probe = document.createElement("i");
    probe.hidden = true;
    probe.style.setProperty("forced-color-adjust", "none");
    probe.style.color = value;
    document.body.append(probe);
    const numbers = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
    probe.remove();
    return `#${numbers
        .slice(0, 3)
        .map((part) => Math.round(Number(part)).toString(16).padStart(2, "0"))
        .join("")}`;
}

/** `share` of `tone` over `ground`, both `#rrggbb`. Other notations give the ground. */
export function mix(ground: string, tone: string, share: number): string {
    const [a, b] = [channels(ground), channels(tone)];
    if (!a || !b) return ground;
    const parts = a.map((value, index) => Math.round(value + ((b[index] ?? 0) - value) * share));
    return `#${parts.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function channels(colour: string): number[] | undefined {
    const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
    return match?.slice(1).map((part) => Number.parseInt(part, 16));
}
