// What people said about the incident and what is to be done.
import { useRef } from "preact/hooks";
import { ask } from "../api/client";
import type { IncidentDetail } from "../api/types";
import { Json } from "../ui/json";
import { useKeys } from "../ui/keys";
import { IconButton, Time } from "../ui/parts";
import { changed } from "./change";
import { Typed } from "./work";

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
    return (
        <div class="notes">
            <Tasks incident={incident} />
            <section class="stack" aria-label="Comments">
                <h2>Comments</h2>
                <ul class="stack">
                    {incident.comments.map((comment, index) => (
                        <Comment key={`${index}-${idOf(comment)}`} incident={incident} comment={comment} />
                    ))}
                </ul>
                <AddComment incident={incident} />
            </section>
        </div>
    );
}

const idOf = (value: unknown): string => (value && typeof value === "object" ? first(value as Record<string, unknown>, "id", "Id") : "");

function Comment({ incident, comment }: { incident: IncidentDetail; comment: unknown }) {
    const note = readNote(comment);
    const id = idOf(comment);
    return (
        <li class="card note">
            {note ? (
                <>
                    <div class="line">
                        <strong>{note.author || "Unknown author"}</strong>
                        {note.at && (
                            <span class="faint">
                                <Time at={note.at} />
                            </span>
                        )}
                        <span class="grow" />
                        {id && (
                            <IconButton
                                icon="close"
                                small
                                label="Remove the comment"
                                onClick={() => void changed(ask("remove_comment", { id: incident.id, comment: id }), "Comment removed")}
                            />
                        )}
                    </div>
                    <p class="wrap preserved">{note.text}</p>
                </>
            ) : (
                <Json value={comment} />
            )}
        </li>
    );
}

function AddComment({ incident }: { incident: IncidentDetail }) {
    const field = useRef<HTMLTextAreaElement>(null);
    useKeys("Notes", [{ keys: "n", label: "Write a comment", run: () => field.current?.focus() }]);
    const add = async () => {
        const message = field.current?.value.trim() ?? "";
        if (!message) return;
        if ((await changed(ask("add_comment", { id: incident.id }, { body: { message } }), "Comment added")) && field.current)
            field.current.value = "";
    };
    return (
        <form
            class="stack"
            onSubmit={(event) => {
                event.preventDefault();
                void add();
            }}
        >
            <textarea
                ref={field}
                class="field area"
                rows={3}
                aria-label="Comment"
                placeholder="What was seen, done or decided"
                onKeyDown={(event) => {
                    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                    event.preventDefault();
                    void add();
                }}
            />
            <div class="line">
                <button type="submit" class="button primary">
                    Add comment
                </button>
            </div>
        </form>
    );
}

interface Task {
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

function Tasks({ incident }: { incident: IncidentDetail }) {
    const tasks = incident.tasks.map(readTask).filter((task) => task !== null);
    return (
        <section class="stack" aria-label="Tasks">
            <h2>Tasks</h2>
            <ul class="tasks">
                {tasks.map((task) => (
                    <li key={task.id} class="line">
                        <label class="menu-item grow">
                            <input
                                type="checkbox"
                                checked={task.completed}
                                onChange={(event) => {
                                    const completed = event.currentTarget.checked;
                                    void changed(
                                        ask("edit_task", { id: incident.id, task: task.id }, { body: { completed } }),
                                        completed ? "Task done" : "Task open again",
                                    );
                                }}
                            />
                            <span class={task.completed ? "done wrap" : "wrap"}>{task.title}</span>
                        </label>
                        <IconButton
                            icon="close"
                            small
                            label={`Remove the task ${task.title}`}
                            onClick={() => void changed(ask("remove_task", { id: incident.id, task: task.id }), "Task removed")}
                        />
                    </li>
                ))}
            </ul>
            <Typed
                key={tasks.length}
                label="What is to be done"
                button="Add task"
                onText={(title) => void changed(ask("add_task", { id: incident.id }, { body: { title } }), "Task added")}
            />
        </section>
    );
}
