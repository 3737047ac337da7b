// Remarks and tasks as the products write them, read into one shape.

/** A remark that somebody made. */
export interface Note {
    id: string;
    author: string;
    at: string;
    /** When it was rewritten last; empty where it never was. */
    modified: string;
    text: string;
}

const first = (record: Record<string, unknown>, ...names: string[]) => {
    for (const name of names) {
        const value = record[name];
        if (typeof value === "string" && value) return value;
    }
    return "";
};

/** A remark in the shape of one of the products; none where it has no text. */
export function readNote(value: unknown): Note | null {
    if (typeof value === "string") return { id: "", author: "", at: "", modified: "", text: value };
    if (!value || typeof value !== "object") return null;
    const record = value as Record<string, unknown>;
    const text = first(record, "message", "text", "comment", "Message", "Comment");
    if (!text) return null;
    const author = record.author;
    const by = author && typeof author === "object" ? first(author as Record<string, unknown>, "name", "email", "userPrincipalName") : "";
    return {
        id: first(record, "id", "Id"),
        author: by || first(record, "author", "createdBy", "createdByDisplayName"),
        at: first(record, "created", "createdTimeUtc", "createdDateTime", "createdTime"),
        modified: first(record, "modified", "lastModifiedTimeUtc"),
        text,
    };
}

/** Something to be done. */
export interface Task {
    id: string;
    title: string;
    description: string;
    completed: boolean;
}

/** A task as the API gives it; none where it has no id. */
export function readTask(value: unknown): Task | null {
    if (!value || typeof value !== "object") return null;
    const record = value as Record<string, unknown>;
    const id = first(record, "id");
    if (!id) return null;
    const completed = record.completed === true || typeof record.completed === "string" || record.status === "Completed";
    return { id, title: first(record, "title"), description: first(record, "description"), completed };
}
