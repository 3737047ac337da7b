// What stands beside the editor: tables and columns, the exploration library, saved queries, history.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { ask, errorDetail } from "../api/client";
import { useAsk } from "../api/resource";
import { refresh, seq } from "../app/live";
import { share, unshare } from "../state/shared";
import { oneOf, stored } from "../state/stored";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { kindLabel } from "../ui/kinds";
import { IconButton, KindGlyph, Time } from "../ui/parts";
import { asked } from "../ui/showquery";
import { Empty, Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import { ran, type Saved, saved } from "./kept";
import type { Lang } from "./language";

type Part = "schema" | "library" | "saved" | "history";

const part = stored<Part>("query.side", "schema", oneOf<Part>("schema", "library", "saved", "history"));

interface Props {
    lang: Lang;
    onInsert: (text: string) => void;
    onOpen: (lang: Lang, text: string) => void;
    onExplore: (name: string) => void;
}

/** Whether it lies over the editor, where there is no room beside it. */
const over = signal(false);

function leave(): void {
    over.value = false;
}

/** A deed that shows in the editor or in place of it: what lies over that goes away. */
const leaving =
    <A extends unknown[]>(deed: (...given: A) => void) =>
    (...given: A): void => {
        deed(...given);
        leave();
    };

/** Puts it over the editor; only where there is no room beside it this is seen. */
export function SideButton() {
    return (
        <button
            type="button"
            class="button quiet query-side-button"
            aria-expanded={over.value}
            aria-controls="query-side"
            onClick={() => (over.value = true)}
        >
            <Icon name="table" />
            Tables
        </button>
    );
}

export function Side(given: Props) {
    const box = useRef<HTMLElement>(null);
    const close = () => {
        leave();
        document.querySelector<HTMLElement>(".query-side-button")?.focus();
    };
    useEffect(() => {
        if (over.value) box.current?.querySelector("button")?.focus();
    }, [over.value]);
    useEffect(() => leave, []);
    useKeys("Tables and queries", [{ keys: "Escape", label: "Back to the editor", run: close, inFields: true }], over.value);
    const props: Props = {
        lang: given.lang,
        onInsert: leaving(given.onInsert),
        onOpen: leaving(given.onOpen),
        onExplore: leaving(given.onExplore),
    };
    return (
        <aside class={`query-side ${over.value ? "over" : ""}`} id="query-side" aria-label="Tables and queries" ref={box}>
            <div class="query-side-head">
                <h2 class="grow">Tables and queries</h2>
                <IconButton icon="close" label="Back to the editor" onClick={close} />
            </div>
            <div class="segments" role="group" aria-label="Beside the editor">
                {(["schema", "library", "saved", "history"] as const).map((id) => (
                    <button key={id} type="button" aria-pressed={part.value === id} onClick={() => (part.value = id)}>
                        {id.charAt(0).toUpperCase() + id.slice(1)}
                    </button>
                ))}
            </div>
            {part.value === "schema" && <Schema {...props} />}
            {part.value === "library" && <Library {...props} />}
            {part.value === "saved" && <SavedList {...props} />}
            {part.value === "history" && <History {...props} />}
        </aside>
    );
}

const sample = (lang: Lang, table: string) => (lang === "sql" ? `SELECT *\nFROM "${table}"\nLIMIT 100` : `${table}\n| take 100`);

function Schema({ lang, onInsert, onOpen }: Props) {
    const [empty, setEmpty] = useState(false);
    const [words, setWords] = useState("");
    const [open, setOpen] = useState("");
    const tables = useAsk("tables", empty ? { empty: true } : {}, seq.value);
    return (
        <>
            <input
                class="field"
                type="search"
                aria-label="Find a table"
                placeholder="Find a table"
                value={words}
                onInput={(event) => setWords(event.currentTarget.value)}
            />
            <Loaded of={tables}>
                {(data) => (
                    <ul class="schema">
                        {data.value
                            .filter((table) => table.name.toLowerCase().includes(words.toLowerCase()))
                            .map((table) => (
                                <li key={table.name}>
                                    <div class="schema-table">
                                        <button
                                            type="button"
                                            class="menu-item"
                                            aria-expanded={open === table.name}
                                            onClick={() => setOpen(open === table.name ? "" : table.name)}
                                        >
                                            <Icon name={open === table.name ? "down" : "right"} />
                                            <span class="grow clip">{table.name}</span>
                                            <span
                                                class="faint number"
                                                {...asked({ of: `Rows of ${table.name}`, lang: "kql", text: `${table.name}\n| count` })}
                                            >
                                                {formatCount(table.rows)}
                                            </span>
                                        </button>
                                        <IconButton
                                            icon="play"
                                            small
                                            label={`Show rows of ${table.name}`}
                                            onClick={() => onOpen(lang === "sql" ? "sql" : "kql", sample(lang, table.name))}
                                        />
                                    </div>
                                    {open === table.name && <Columns table={table.name} onInsert={onInsert} />}
                                </li>
                            ))}
                    </ul>
                )}
            </Loaded>
            <label class="menu-item faint">
                <input type="checkbox" checked={empty} onChange={(event) => setEmpty(event.currentTarget.checked)} />
                Tables without rows too
            </label>
        </>
    );
}

function Columns({ table, onInsert }: { table: string; onInsert: (text: string) => void }) {
    const detail = useAsk("table", { name: table }, seq.value);
    return (
        <Loaded of={detail} rows={3}>
            {(data) => (
                <ul class="schema-columns">
                    {data.columns.map((column) => (
                        <li key={column.name}>
                            <button
                                type="button"
                                class="menu-item"
                                title={`Put ${column.name} into the query`}
                                onClick={() => onInsert(column.name)}
                            >
                                <code class="grow clip">{column.name}</code>
                                <span class="faint small">{column.type}</span>
                            </button>
                        </li>
                    ))}
                </ul>
            )}
        </Loaded>
    );
}

function Library({ onExplore }: Props) {
    const [words, setWords] = useState("");
    const all = useAsk("explorations", {});
    return (
        <>
            <input
                class="field"
                type="search"
                aria-label="Find a question"
                placeholder="Find a question"
                value={words}
                onInput={(event) => setWords(event.currentTarget.value)}
            />
            <Loaded of={all}>
                {(data) => {
                    const found = data.value.filter((one) =>
                        `${one.title} ${one.question} ${one.input}`.toLowerCase().includes(words.toLowerCase()),
                    );
                    const kinds = [...new Set(found.map((one) => one.input))];
                    return (
                        <div class="library">
                            {kinds.map((kind) => (
                                <section key={kind}>
                                    <h2>
                                        <KindGlyph kind={kind} /> {kind === "any" ? "Any entity" : kindLabel(kind)}
                                    </h2>
                                    <ul>
                                        {found
                                            .filter((one) => one.input === kind)
                                            .map((one) => (
                                                <li key={one.name}>
                                                    <button
                                                        type="button"
                                                        class="menu-item"
                                                        title={one.question}
                                                        onClick={() => onExplore(one.name)}
                                                    >
                                                        <span class="clip">{one.title}</span>
                                                    </button>
                                                </li>
                                            ))}
                                    </ul>
                                </section>
                            ))}
                        </div>
                    );
                }}
            </Loaded>
        </>
    );
}

/** What was saved: on the server for everybody, in this browser, and the hunts that come with clew. */
function SavedList({ onOpen }: Props) {
    const rows = useAsk("saved_queries", {}, seq.value);
    const known = (rows.data?.value ?? []).filter((row) => !row.name.startsWith("view/"));
    const kept = known.filter((row) => row.origin !== "built-in" && row.purpose === "hunt");
    const hunts = known.filter((row) => row.origin === "built-in" && row.purpose === "hunt");
    const open = async (id: string) => {
        try {
            onOpen("kql", (await ask("saved_query", { id })).text);
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
    };
    return (
        <div class="library">
            <section>
                <h2>For everybody here</h2>
                {kept.length === 0 && <p class="faint small">Save puts the query of the editor here.</p>}
                <ul class="schema">
                    {kept.map((row) => (
                        <li key={row.name} class="schema-table">
                            <SavedButton title={row.title} hint={row.question || row.name} lang="kql" onClick={() => void open(row.name)} />
                            {row.origin === "api" && (
                                <Needs right="contribute">
                                    <IconButton icon="close" small label={`Remove ${row.title}`} onClick={() => void removeShared(row)} />
                                </Needs>
                            )}
                        </li>
                    ))}
                </ul>
            </section>
            {saved.value.length > 0 && (
                <section>
                    <h2>In this browser</h2>
                    <ul class="schema">
                        {saved.value.map((query) => (
                            <li key={query.name} class="schema-table">
                                <SavedButton
                                    title={query.name}
                                    hint={query.text}
                                    lang={query.lang}
                                    onClick={() => onOpen(query.lang, query.text)}
                                />
                                <IconButton icon="close" small label={`Remove ${query.name}`} onClick={() => removeOwn(query)} />
                            </li>
                        ))}
                    </ul>
                </section>
            )}
            {hunts.length > 0 && (
                <section>
                    <h2>Hunts that come with clew</h2>
                    <ul class="schema">
                        {hunts.map((row) => (
                            <li key={row.name} class="schema-table">
                                <SavedButton title={row.title} hint={row.question} lang="kql" onClick={() => void open(row.name)} />
                            </li>
                        ))}
                    </ul>
                </section>
            )}
        </div>
    );
}

function SavedButton({ title, hint, lang, onClick }: { title: string; hint: string; lang: Lang; onClick: () => void }) {
    return (
        <button type="button" class="menu-item" title={hint} onClick={onClick}>
            <span class="grow clip">{title}</span>
            <span class="faint small">{lang.toUpperCase()}</span>
        </button>
    );
}

function removeOwn(query: Saved): void {
    const before = saved.value;
    saved.value = before.filter((one) => one !== query);
    toast(`"${query.name}" removed`, {
        action: {
            label: "Undo",
            run: () => {
                saved.value = before;
            },
        },
    });
}

async function removeShared({ name, title }: { name: string; title: string }): Promise<void> {
    try {
        const { text } = await ask("saved_query", { id: name });
        await unshare(name);
        refresh();
        const back = () => void share(name, text).then(refresh, (error: unknown) => toast(errorDetail(error).message, { tone: "bad" }));
        toast(`"${title}" removed`, { action: { label: "Undo", run: back } });
    } catch (error) {
        toast(errorDetail(error).message, { tone: "bad" });
    }
}

function History({ onOpen }: Props) {
    if (ran.value.length === 0) return <Empty title="No query was run here yet" />;
    return (
        <ul class="schema">
            {ran.value.map((run) => (
                <li key={run.lang + run.text}>
                    <button type="button" class="menu-item history-line" title={run.text} onClick={() => onOpen(run.lang, run.text)}>
                        <code class="clip">{run.text.replace(/\s+/g, " ")}</code>
                        <span class="faint small">
                            <Time at={run.at} style="minute" /> ·{" "}
                            {run.failed ? "failed" : `${formatCount(run.rows)} ${run.rows === 1 ? "row" : "rows"}`} ·{" "}
                            {Math.round(run.milliseconds)} ms
                        </span>
                    </button>
                </li>
            ))}
        </ul>
    );
}
