// What people said about the incident, as its source gives it.
import type { IncidentDetail } from "../api/types";
import { Json } from "../ui/json";
import { Time } from "../ui/parts";
import { Empty } from "../ui/states";

interface Note {
    author: string;
    at: string;
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
    if (typeof value === "string") return { author: "", at: "", text: value };
    if (!value || typeof value !== "object") return null;
    const record = value as Record<string, unknown>;
    const text = first(record, "message", "text", "comment", "Message", "Comment");
    if (!text) return null;
    const author = record.author;
    const by = author && typeof author === "object" ? first(author as Record<string, unknown>, "name", "email", "userPrincipalName") : "";
    return {
        author: by || first(record, "author", "createdBy", "createdByDisplayName"),
        at: first(record, "created", "createdTimeUtc", "createdDateTime", "createdTime"),
        text,
    };
}

export function NotesTab({ incident }: { incident: IncidentDetail }) {
    if (incident.comments.length === 0) {
        return (
            <Empty title="No notes">
                Comments that the incident's source carries appear here. {incident.description && "Its description stands in the details."}
            </Empty>
        );
    }
    return (
        <ul class="notes">
            {incident.comments.map((comment, index) => {
                const note = readNote(comment);
                return (
                    <li key={`${index}-${note?.at ?? ""}`} class="card note">
                        {note ? (
                            <>
                                <div class="line">
                                    <strong>{note.author || "Unknown author"}</strong>
                                    {note.at && (
                                        <span class="faint">
                                            <Time at={note.at} />
                                        </span>
                                    )}
                                </div>
                                <p class="wrap preserved">{note.text}</p>
                            </>
                        ) : (
                            <Json value={comment} />
                        )}
                    </li>
                );
            })}
        </ul>
    );
}
