// What a proposal would do, line by line: what is, and what would be.
import type { IncidentDetail, ProposalDetail } from "../api/types";
import { spaced } from "../ui/kinds";

/** One field that a proposal names. */
export interface Line {
    readonly field: string;
    /** What it is at present; nothing where nobody knows, or where something is added or taken away. */
    readonly before?: string;
    /** Whether there is nothing at present. */
    readonly empty?: boolean;
    readonly after: string;
    readonly way: "set" | "add" | "remove";
    /** Text as people write it, to be shown as such. */
    readonly text?: boolean;
}

/** Fields of an update, in the order in which a person wants to read them. */
const ORDER = [
    "status",
    "classification",
    "classification_reason",
    "classification_comment",
    "severity",
    "owner",
    "title",
    "description",
    "tags",
    "add_tags",
    "remove_tags",
    "parent",
    "reason",
];
/** Fields that a heading names as one. */
const TOGETHER: Record<string, string> = {
    add_tags: "tags",
    remove_tags: "tags",
    classification_reason: "classification",
    classification_comment: "classification",
};
const NOTHING = new Set(["none", "nobody"]);
const TEXTS = new Set(["title", "description", "classification_comment", "reason"]);

const place = (field: string) => (ORDER.includes(field) ? ORDER.indexOf(field) : ORDER.length);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** A value of a field in words. */
function worded(field: string, value: unknown): string {
    if (value === null || value === undefined || value === "") return field === "owner" ? "nobody" : "none";
    if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((one) => worded("", one)).join(", ");
    if (isRecord(value)) {
        const name = value.name ?? value.assigned_to ?? value.upn ?? value.email ?? value.object_id;
        return typeof name === "string" && name ? name : JSON.stringify(value);
    }
    return TEXTS.has(field) || typeof value !== "string" ? String(value) : spaced(value);
}

/** Everything that a proposal would do, compared with its incident as it is, where that is known. */
export function linesOf({ action, change }: ProposalDetail, incident?: IncidentDetail): Line[] {
    if (action === "comment") return [{ field: "comment", after: String(change.message ?? ""), way: "add", text: true }];
    if (action === "task") {
        const task: Line = { field: "task", after: String(change.title ?? ""), way: "add", text: true };
        if (!change.description) return [task];
        return [task, { field: "description", after: String(change.description), way: "add", text: true }];
    }
    const now = incident as unknown as Record<string, unknown> | undefined;
    return Object.entries(change)
        .sort(([a], [b]) => place(a) - place(b))
        .map(([field, value]): Line => {
            if (field === "add_tags") return { field: "tags", after: worded("tags", value), way: "add" };
            if (field === "remove_tags") return { field: "tags", after: worded("tags", value), way: "remove" };
            const text = TEXTS.has(field) ? { text: true } : {};
            const was = now && field !== "reason" ? worded(field, now[field]) : undefined;
            const before = was === undefined ? {} : { before: was, ...(NOTHING.has(was) ? { empty: true } : {}) };
            return { field: spaced(field.replaceAll("_", " ")), ...before, after: worded(field, value), way: "set", ...text };
        });
}

/** What is proposed, in a few words. */
export function gistOf({ action, change }: ProposalDetail): string {
    if (action === "comment") return "Add a comment";
    if (action === "task") return "Add a task";
    if (change.status === "Closed") return "Close the incident";
    const fields = Object.keys(change).sort((a, b) => place(a) - place(b));
    if (fields.length === 1 && fields[0] === "add_tags") return "Add tags";
    if (fields.length === 1 && fields[0] === "remove_tags") return "Remove tags";
    const names = [...new Set(fields.filter((field) => field !== "reason").map((field) => TOGETHER[field] ?? field))];
    const last = names.pop() ?? "nothing";
    return `Change ${names.length > 0 ? `${names.join(", ")} and ` : ""}${last}`;
}
