// Views of a list that people named: its queries, kept on the server for everybody or in the browser for oneself.

import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { mayDo } from "../access/rights";
import { errorDetail } from "../api/client";
import { useLoad } from "../api/resource";
import { refresh, seq } from "../app/live";
import { navigate, place } from "../router/router";
import { loadShared, member, share, sharing, slug, unshare, withHeader } from "../state/shared";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toast";

export interface View {
    name: string;
    search: string;
    /** Its name on the server, and its text there; none for a view of this browser. */
    shared?: { name: string; text: string };
}

/** The views of one list. */
export interface ViewKind {
    /** Begin of their names on the server: `view/`. */
    prefix: string;
    /** Where the list is. */
    path: string;
    /** Views that are always there; the first is everything. */
    built: readonly View[];
    /** Views that only this browser knows. */
    own: Signal<View[]>;
    /** What a view is for, as a question. */
    question: string;
    /** The query of an address as KQL that finds the same. */
    kql: (params: URLSearchParams) => string;
}

/** Accepts views. */
export const isViews = (value: unknown): value is View[] =>
    Array.isArray(value) && value.every((view) => typeof view?.name === "string" && typeof view?.search === "string");

/** The views that everybody sees. */
async function loadViews(prefix: string, signal: AbortSignal): Promise<View[]> {
    const all = await loadShared((name) => name.startsWith(prefix), signal);
    return all.flatMap(({ name, title, text }) => {
        const search = member(text, "view");
        return search === undefined ? [] : [{ name: title, search, shared: { name, text } }];
    });
}

/** A view as a query of the server: its text finds the same rows. */
function viewText(kind: ViewKind, name: string, search: string): string {
    return withHeader({ title: name, question: kind.question, view: search }, kind.kql(new URLSearchParams(search)));
}

/** The present query without what is only looked at. */
function presentSearch(): string {
    const params = new URLSearchParams(place.value.params);
    params.delete("sel");
    return params.toString();
}

const sameQuery = (a: string, b: string) => [...new URLSearchParams(a)].sort().join("\n") === [...new URLSearchParams(b)].sort().join("\n");

export function Views({ kind }: { kind: ViewKind }) {
    const { prefix, path, built, own } = kind;
    const [name, setName] = useState("");
    const [shares, setForAll] = useState(sharing);
    const forAll = shares && mayDo("contribute");
    const shared = useLoad(sharing ? (signal) => loadViews(prefix, signal) : null, `views ${prefix}`, seq.value);
    const present = presentSearch();
    const all: readonly View[] = [...built, ...(shared.data ?? []), ...own.value];
    const current = all.find((view) => sameQuery(view.search, present));
    const go = (view: View) => navigate(view.search ? `${path}?${view.search}` : path);
    /** Changes what the server keeps, and says so. */
    const put = async (deed: Promise<void>, said: string, back?: () => void): Promise<boolean> => {
        try {
            await deed;
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
            return false;
        }
        shared.reload();
        refresh();
        toast(said, back ? { action: { label: "Undo", run: back } } : {});
        return true;
    };
    const remove = (view: View) => {
        const said = `View "${view.name}" removed`;
        const { shared: kept } = view;
        if (kept) return void put(unshare(kept.name), said, () => void put(share(kept.name, kept.text), `View "${view.name}" is back`));
        const before = own.value;
        own.value = before.filter((one) => one !== view);
        toast(said, {
            action: {
                label: "Undo",
                run: () => {
                    own.value = before;
                },
            },
        });
    };
    const keep = async (called: string) => {
        if (forAll) {
            const id = prefix + slug(called);
            return put(
                share(id, viewText(kind, called, present)),
                `View "${called}" is there for everybody`,
                () => void put(unshare(id), "Taken back"),
            );
        }
        own.value = [...own.value.filter((view) => view.name !== called), { name: called, search: present }];
        return true;
    };
    return (
        <Popover
            class="button quiet view-button"
            label={
                <>
                    <span class="clip">{current?.name ?? "Own query"}</span>
                    <Icon name="down" />
                </>
            }
        >
            {(close) => (
                <>
                    {all.map((view) => (
                        <div key={view.name + view.search} class="view-line">
                            <button
                                type="button"
                                class="menu-item"
                                onClick={() => {
                                    go(view);
                                    close();
                                }}
                            >
                                <span class="grow clip">{view.name}</span>
                                {view === current && <Icon name="check" />}
                            </button>
                            {own.value.includes(view) && sharing && <span class="faint small">only in this browser</span>}
                            {!built.includes(view) && (
                                <button
                                    disabled={view.shared !== undefined && !mayDo("contribute")}
                                    type="button"
                                    class="button quiet icon small"
                                    aria-label={`Remove the view ${view.name}`}
                                    onClick={() => remove(view)}
                                >
                                    <Icon name="close" />
                                </button>
                            )}
                        </div>
                    ))}
                    {!current && sharing && (
                        <Needs right="contribute">
                            <label class="menu-item">
                                <input type="checkbox" checked={forAll} onChange={(event) => setForAll(event.currentTarget.checked)} />
                                For everybody who works here
                            </label>
                        </Needs>
                    )}
                    {!current && (
                        <form
                            class="typed"
                            onSubmit={(event) => {
                                event.preventDefault();
                                const called = name.trim();
                                if (!called) return;
                                void keep(called).then((done) => {
                                    if (!done) return;
                                    setName("");
                                    close();
                                });
                            }}
                        >
                            <input
                                class="field"
                                aria-label="Name of the view"
                                placeholder="Keep this query as..."
                                value={name}
                                onInput={(event) => setName(event.currentTarget.value)}
                            />
                            <button type="submit" class="button">
                                Keep
                            </button>
                        </form>
                    )}
                </>
            )}
        </Popover>
    );
}
