// What people said about the incident and what is to be done.
import { Needs } from "../access/needs";
import { ask } from "../api/client";
import type { IncidentDetail } from "../api/types";
import { Bookmarks } from "../bookmarks/list";
import { past } from "../router/router";
import { IconButton } from "../ui/parts";
import { changed } from "./change";
import { Comments } from "./comments";
import { readTask } from "./remark";
import { Typed } from "./typed";

export function NotesTab({ incident }: { incident: IncidentDetail }) {
    return (
        <div class="notes">
            <Tasks incident={incident} />
            <Comments incident={incident} />
            <Bookmarks of={incident.bookmarks} />
        </div>
    );
}

function Tasks({ incident }: { incident: IncidentDetail }) {
    const tasks = incident.tasks.map(readTask).filter((task) => task !== null);
    return (
        <section class="stack" aria-label="Tasks">
            <h2>Tasks</h2>
            <Needs right="respond">
                <ul class="tasks">
                    {tasks.map((task) => (
                        <li key={task.id} class="line">
                            <label class="menu-item grow">
                                <input
                                    type="checkbox"
                                    checked={task.completed}
                                    disabled={past.value !== ""}
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
                            {!past.value && (
                                <IconButton
                                    icon="close"
                                    small
                                    label={`Remove the task ${task.title}`}
                                    onClick={() => void changed(ask("remove_task", { id: incident.id, task: task.id }), "Task removed")}
                                />
                            )}
                        </li>
                    ))}
                </ul>
                {past.value ? (
                    tasks.length === 0 && <p class="muted">There was none.</p>
                ) : (
                    <Typed
                        label="What is to be done"
                        button="Add task"
                        onText={(title) => changed(ask("add_task", { id: incident.id }, { body: { title } }), "Task added")}
                    />
                )}
            </Needs>
        </section>
    );
}
