// The evidence of an incident: rows that were kept, each with the query that found it.

import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { ask, errorDetail } from "../api/client";
import type { BookmarkDetail } from "../api/types";
import { refresh } from "../app/live";
import { href, past } from "../router/router";
import { Icon } from "../ui/icons";
import { Json } from "../ui/json";
import { Markdown } from "../ui/markdown";
import { Facts, IconButton, NodeLink, Time, Words } from "../ui/parts";
import { toast } from "../ui/toast";
import { removeBookmark } from "./keep";

export function Bookmarks({ of }: { of: readonly BookmarkDetail[] }) {
    return (
        <section class="stack" aria-label="Evidence">
            <h2>Evidence</h2>
            {of.length === 0 && (
                <p class="muted">Rows of queries and of the timeline can be kept here: "Keep as evidence" stands beside each.</p>
            )}
            <ul class="stack comment-list">
                {of.map((one) => (
                    <Bookmark key={`${one.id} ${one.etag}`} of={one} />
                ))}
            </ul>
        </section>
    );
}

/** The language of a query, by how it begins. */
const langOf = (text: string) =>
    /^\s*(select|with)\b/i.test(text) ? "sql" : /^\s*(match|optional|unwind)\b/i.test(text) ? "cypher" : "kql";

function Bookmark({ of }: { of: BookmarkDetail }) {
    const [editing, setEditing] = useState(false);
    const change = async (form: HTMLFormElement) => {
        const data = new FormData(form);
        try {
            const body = { etag: of.etag, name: String(data.get("name") ?? "").trim(), notes: String(data.get("notes") ?? "").trim() };
            await ask("update_bookmark", { id: of.id }, { body });
            setEditing(false);
            const before = { name: of.name, notes: of.notes ?? "" };
            const back = () => void ask("update_bookmark", { id: of.id }, { body: before }).then(refresh, () => {});
            toast("Bookmark changed", { action: { label: "Undo", run: back } });
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        refresh();
    };
    return (
        <li class="card note">
            <div class="line">
                <Icon name="bookmark" />
                <strong class="wrap">{of.name}</strong>
                <span class="faint small">
                    {of.created_by} <Time at={of.created} style="minute" />
                </span>
                <span class="grow" />
                {of.query && (
                    <a class="button quiet small" href={href("/query", { lang: langOf(of.query), text: of.query })}>
                        <Icon name="query" />
                        Show query
                    </a>
                )}
                {!past.value && (
                    <span class="note-deeds">
                        <Needs right="respond">
                            <IconButton icon="edit" small label={`Change ${of.name}`} onClick={() => setEditing(!editing)} />
                            <IconButton icon="close" small label={`Remove ${of.name}`} onClick={() => void removeBookmark(of.id)} />
                        </Needs>
                    </span>
                )}
            </div>
            {editing ? (
                <form
                    class="form"
                    onSubmit={(event) => {
                        event.preventDefault();
                        void change(event.currentTarget);
                    }}
                >
                    <input class="field" name="name" aria-label="Name" defaultValue={of.name} />
                    <textarea class="field area" name="notes" aria-label="What it shows" rows={3} defaultValue={of.notes ?? ""} />
                    <div class="line">
                        <button type="submit" class="button primary small">
                            Save
                        </button>
                        <button type="button" class="button quiet small" onClick={() => setEditing(false)}>
                            Cancel
                        </button>
                    </div>
                </form>
            ) : (
                of.notes && <Markdown text={of.notes} />
            )}
            <Facts
                of={[
                    ["When", of.event_time && <Time key="t" at={of.event_time} />],
                    ["Tactics", of.tactics.length > 0 && <Words of={of.tactics} most={6} />],
                    [
                        "Entities",
                        of.entities.length > 0 && (
                            <span key="e" class="stack">
                                {of.entities.map((id) => (
                                    <NodeLink key={id} reference={id} />
                                ))}
                            </span>
                        ),
                    ],
                ]}
            />
            <details>
                <summary class="muted small">
                    The row <code class="faint">{of.hash.slice(0, 12)}</code>
                </summary>
                <Json value={of.row} />
            </details>
        </li>
    );
}
