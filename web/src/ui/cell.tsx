// A value of a table's cell as text.
import { formatTime, utcBeside, utcTime } from "../state/time";
import { KindGlyph } from "./parts";

/** What a cell says, on one line. */
export function cellText(value: unknown, type: string): string {
    if (value === null || value === undefined) return "";
    if (type === "datetime" && (typeof value === "string" || typeof value === "number")) return formatTime(value);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A node or an edge of a graph query: its label, and the kind of a node. */
export function graphPart(value: unknown): { kind?: string; label: string } | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const { id, kind, label, relation } = value as Record<string, unknown>;
    if (typeof id === "string" && typeof kind === "string") return { kind, label: typeof label === "string" && label ? label : id };
    return typeof relation === "string" ? { label: relation } : undefined;
}

export function CellText({ value, type }: { value: unknown; type: string }) {
    if (value === null || value === undefined) return <span class="faint">null</span>;
    const text = cellText(value, type);
    const part = graphPart(value);
    if (part) {
        return (
            <span class={part.kind ? "node-link" : "muted"} title={text}>
                {part.kind ? <KindGlyph kind={part.kind} /> : "→ "}
                <span class="clip">{part.label}</span>
            </span>
        );
    }
    if (type !== "datetime" || typeof value !== "string") return <span title={text}>{text}</span>;
    const utc = utcBeside(value);
    return (
        <span title={utcTime(value)}>
            {text}
            {utc && <span class="utc"> {utc}</span>}
        </span>
    );
}
