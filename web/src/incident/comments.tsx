// Comments of an incident: written, rewritten, removed; each keeps its earlier texts.

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { ask } from "../api/client";
import { useAsk } from "../api/resource";
import type { Activity, IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { past } from "../router/router";
import { draft, keepDraft } from "../state/draft";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { Markdown } from "../ui/markdown";
import { IconButton, Time } from "../ui/parts";
import { changed } from "./change";
import { readNote } from "./remark";

/** A text that a comment had, and who gave it to it. */
export interface Said {
    at: string;
    actor: string;
    text: string;
}

/** Every text that a comment had, newest first, from the changes of its incident (newest first as well). */
export function earlierTexts(changes: readonly Activity[], id: string): Said[] {
    const found: Said[] = [];
    for (const change of changes) {
        for (const field of change.fields) {
            if (field.field !== "comments" || !Array.isArray(field.after)) continue;
            const text = textOf(field.after, id);
            const before = Array.isArray(field.before) ? textOf(field.before, id) : undefined;
            if (text !== undefined && text !== before) found.push({ at: change.time, actor: change.actor, text });
        }
    }
    return found;
}

function textOf(comments: readonly unknown[], id: string): string | undefined {
    const notes = comments.map(readNote);
    return notes.find((note) => note?.id === id)?.text;
}

export function Comments({ incident }: { incident: IncidentDetail }) {
    return (
        <section class="stack" aria-label="Comments">
            <h2>Comments</h2>
            <ul class="stack comment-list">
                {incident.comments.map((comment, index) => (
                    <Comment key={readNote(comment)?.id || index} incident={incident} comment={comment} />
                ))}
            </ul>
            {past.value ? incident.comments.length === 0 && <p class="muted">There was none.</p> : <AddComment incident={incident} />}
        </section>
    );
}

function Comment({ incident, comment }: { incident: IncidentDetail; comment: unknown }) {
    const [editing, setEditing] = useState(false);
    const [history, setHistory] = useState(false);
    const note = readNote(comment);
    if (!note) {
        return (
            <li class="card note">
                <Json value={comment} />
            </li>
        );
    }
    const { id } = note;
    const rewrite = async (message: string) => {
        if (message === note.text) setEditing(false);
        else if (await changed(ask("edit_comment", { id: incident.id, comment: id }, { body: { message } }), "Comment rewritten"))
            setEditing(false);
    };
    return (
        <li class="card note">
            <div class="line">
                <strong>{note.author || "Unknown author"}</strong>
                {note.at && (
                    <span class="faint">
                        <Time at={note.at} />
                    </span>
                )}
                {note.modified && (
                    <button type="button" class="button quiet small" aria-expanded={history} onClick={() => setHistory(!history)}>
                        <Icon name="clock" />
                        edited
                    </button>
                )}
                <span class="grow" />
                {id && !editing && !past.value && (
                    <span class="note-deeds">
                        <Needs right="respond">
                            <IconButton icon="edit" small label="Rewrite the comment" onClick={() => setEditing(true)} />
                            <IconButton
                                icon="close"
                                small
                                label="Remove the comment"
                                onClick={() => void changed(ask("remove_comment", { id: incident.id, comment: id }), "Comment removed")}
                            />
                        </Needs>
                    </span>
                )}
            </div>
            {editing ? (
                <Writer text={note.text} button="Save" onText={(text) => void rewrite(text)} onCancel={() => setEditing(false)} />
            ) : (
                <Markdown text={note.text} />
            )}
            {history && <Texts incident={incident} id={id} />}
        </li>
    );
}

/** The earlier texts of a comment. */
function Texts({ incident, id }: { incident: IncidentDetail; id: string }) {
    const activity = useAsk("incident_activity", { id: incident.id }, seq.value);
    const texts = earlierTexts(activity.data?.value ?? [], id).slice(1);
    if (activity.loading && !activity.data) return <i class="skeleton" />;
    return (
        <ol class="note-texts" aria-label="Earlier texts">
            {texts.map((said) => (
                <li key={said.at}>
                    <span class="faint small">
                        <Time at={said.at} /> {said.actor}
                    </span>
                    <Markdown text={said.text} />
                </li>
            ))}
            {texts.length === 0 && <li class="faint small">No earlier text was made here.</li>}
        </ol>
    );
}

interface WriterProps {
    text?: string;
    button: string;
    onText: (text: string) => void;
    onCancel: () => void;
}

/** A field for Markdown. Ctrl+Enter is the button, Escape gives up. */
function Writer({ text = "", button, onText, onCancel }: WriterProps) {
    const field = useRef<HTMLTextAreaElement>(null);
    useLayoutEffect(() => field.current?.focus(), []);
    const done = () => {
        const words = field.current?.value.trim() ?? "";
        if (words) onText(words);
    };
    return (
        <form
            class="stack"
            onSubmit={(event) => {
                event.preventDefault();
                done();
            }}
        >
            <textarea
                ref={field}
                class="field area"
                rows={Math.min(14, Math.max(3, text.split("\n").length + 1))}
                aria-label="Text of the comment"
                defaultValue={text}
                onKeyDown={(event) => {
                    if (event.key === "Escape") onCancel();
                    else if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                    else done();
                    event.preventDefault();
                    event.stopPropagation();
                }}
            />
            <div class="line">
                <button type="submit" class="button primary small">
                    {button}
                </button>
                <button type="button" class="button quiet small" onClick={onCancel}>
                    Cancel
                </button>
            </div>
        </form>
    );
}

/** Whether somebody wants to write a comment: the field takes the focus as soon as it is there. */
export const commentWanted = signal(false);

function AddComment({ incident: { id } }: { incident: IncidentDetail }) {
    const field = useRef<HTMLTextAreaElement>(null);
    const [busy, setBusy] = useState(false);
    const begun = `comment ${id}`;
    // The key may have been pressed on another tab.
    const wanted = commentWanted.value;
    useEffect(() => {
        if (!wanted) return;
        commentWanted.value = false;
        field.current?.focus();
    }, [wanted]);
    const add = async () => {
        const message = field.current?.value.trim() ?? "";
        if (!message || busy) return;
        setBusy(true);
        if (await changed(ask("add_comment", { id }, { body: { message } }), "Comment added")) {
            keepDraft(begun, "");
            if (field.current) field.current.value = "";
        }
        setBusy(false);
    };
    return (
        <form
            class="stack"
            onSubmit={(event) => {
                event.preventDefault();
                void add();
            }}
        >
            <Needs right="respond">
                <textarea
                    ref={field}
                    class="field area"
                    rows={3}
                    aria-label="Comment"
                    defaultValue={draft(begun)}
                    readOnly={busy}
                    onInput={(event) => keepDraft(begun, event.currentTarget.value)}
                    placeholder="What was seen, done or decided"
                    onKeyDown={(event) => {
                        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                        event.preventDefault();
                        void add();
                    }}
                />
                <div class="line">
                    <button type="submit" class="button primary" disabled={busy}>
                        Add comment
                    </button>
                    <span class="faint small">Markdown: **bold**, `code`, lists, [text](https://…)</span>
                </div>
            </Needs>
        </form>
    );
}
