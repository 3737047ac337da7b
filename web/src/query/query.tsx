// The query screen: write, run, look at the rows. The address holds the query, so that a link asks it again.

import { useEffect, useRef, useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { mayDo } from "../access/rights";
import { ApiError, ask, isAbort } from "../api/client";
import { hintOf, saying } from "../api/hint";
import { queryLanguages, type Table } from "../api/types";
import { refresh } from "../app/live";
import { param, setParams } from "../router/router";
import { share, sharing, slug, withHeader } from "../state/shared";
import { oneOf, stored } from "../state/stored";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { Empty, Failure, Loading } from "../ui/states";
import { copyText, toast } from "../ui/toast";
import type { Diagnostic } from "./assist";
import { Editor, type Given } from "./editor";
import { Exploration } from "./explore";
import { keep, remember } from "./kept";
import { fromBytes, type Lang } from "./language";
import { Result } from "./result";
import { Side, SideButton } from "./side";

const lastLang = stored<Lang>("query.lang", queryLanguages[0] ?? "sql", oneOf<Lang>(...queryLanguages));
const ROWS_FIRST = 1_000;
const ROWS_MORE = 50_000;

interface Run {
    lang: Lang;
    text: string;
    limit: number;
}

interface Outcome {
    run: Run;
    table?: Table;
    error?: unknown;
    milliseconds: number;
}

export function QueryScreen() {
    const address = {
        lang: queryLanguages.find((one) => one === param("lang")) ?? lastLang.value,
        text: param("text"),
    } as const;
    const [lang, setLang] = useState<Lang>(address.lang);
    const [text, setText] = useState(address.text);
    const [given, setGiven] = useState<Given>({ text: address.text });
    const [running, setRunning] = useState<Run>();
    const [outcome, setOutcome] = useState<Outcome>();
    const controller = useRef<AbortController>(undefined);
    const explore = param("explore");

    /** Puts a text into the editor. What is typed there comes back as `text` and never goes in again. */
    const put = (wanted: string) => {
        setText(wanted);
        setGiven({ text: wanted });
    };
    const run = async (wanted: Run) => {
        if (!wanted.text.trim()) return;
        controller.current?.abort();
        const mine = new AbortController();
        controller.current = mine;
        setRunning(wanted);
        const began = performance.now();
        const body = { lang: wanted.lang, text: wanted.text, limit: wanted.limit };
        let found: Outcome;
        try {
            const table = await ask("query", {}, { body, signal: mine.signal });
            found = { run: wanted, table, milliseconds: performance.now() - began };
        } catch (error) {
            if (isAbort(error)) return;
            found = { run: wanted, error, milliseconds: performance.now() - began };
        }
        if (mine.signal.aborted) return;
        setRunning(undefined);
        setOutcome(found);
        remember({
            lang: wanted.lang,
            text: wanted.text,
            at: new Date().toISOString(),
            rows: found.table?.rows.length ?? 0,
            milliseconds: found.milliseconds,
            failed: found.error !== undefined,
        });
    };
    // A new address (a link, the way back) is a new query and is asked at once.
    useEffect(() => {
        setLang(address.lang);
        put(address.text);
        if (address.text) void run({ lang: address.lang, text: address.text, limit: ROWS_FIRST });
        return () => controller.current?.abort();
    }, [address.lang, address.text]);
    const start = () => {
        lastLang.value = lang;
        const same = param("text") === text && param("lang") === lang;
        if (same) void run({ lang, text, limit: ROWS_FIRST });
        else setParams({ lang, text, explore: null, entity: null });
    };
    const stop = () => {
        controller.current?.abort();
        setRunning(undefined);
    };
    const open = (openLang: Lang, openText: string) => setParams({ lang: openLang, text: openText, explore: null, entity: null });
    useKeys("Query", [
        { keys: "Ctrl+Enter", label: "Run the query", run: start, inFields: true },
        { keys: "Escape", label: "Stop the query", run: stop },
    ]);
    const failure = outcome?.error instanceof ApiError ? outcome.error : undefined;
    const diagnostic = useDiagnostic(failure, outcome, text);
    return (
        <div class="screen query">
            <Side
                lang={lang}
                onInsert={(name) => put(text ? `${text.trimEnd()} ${name}` : name)}
                onOpen={open}
                onExplore={(name) => setParams({ explore: name, entity: null })}
            />
            <div class="query-main">
                {explore ? (
                    <Exploration key={explore} name={explore} />
                ) : (
                    <>
                        <div class="query-tools">
                            <button type="button" class="button primary" onClick={running ? stop : start}>
                                <Icon name={running ? "close" : "play"} />
                                {running ? "Stop" : "Run"}
                            </button>
                            <div class="segments" role="group" aria-label="Language">
                                {queryLanguages.map((one) => (
                                    <button key={one} type="button" aria-pressed={lang === one} onClick={() => setLang(one)}>
                                        {one === "cypher" ? "Cypher" : one.toUpperCase()}
                                    </button>
                                ))}
                            </div>
                            <span class="faint small query-run-key">
                                <kbd>Ctrl</kbd> <kbd>Enter</kbd>
                            </span>
                            <span class="grow" />
                            <SideButton />
                            <SaveQuery lang={lang} text={text} />
                            <button
                                type="button"
                                class="button quiet"
                                onClick={() => void copyText(new URL(linkTo(lang, text), window.location.href).href, "The address")}
                            >
                                <Icon name="url" />
                                Link
                            </button>
                        </div>
                        <div class="query-editor">
                            <Editor lang={lang} given={given} diagnostic={diagnostic} onText={setText} onRun={start} />
                        </div>
                        <div class="query-result">
                            {running && <Loading rows={8} label="The query runs" />}
                            {!running && outcome?.error !== undefined && (
                                <div class="padded">
                                    <Failure error={outcome.error} />
                                </div>
                            )}
                            {!running && outcome?.table && (
                                <Result
                                    key={`${outcome.run.lang}${outcome.run.text}${outcome.run.limit}`}
                                    table={outcome.table}
                                    query={outcome.run.text}
                                    milliseconds={outcome.milliseconds}
                                    onAll={(rows) => askAll(outcome.run, rows)}
                                    onMore={
                                        outcome.run.limit < ROWS_MORE ? () => void run({ ...outcome.run, limit: ROWS_MORE }) : undefined
                                    }
                                />
                            )}
                            {!running && !outcome && <Examples lang={lang} onOpen={open} />}
                        </div>
                    </>
                )}
            </div>
        </div>
    );
}

const askAll = ({ lang, text }: Run, limit: number) => ask("query", {}, { body: { lang, text, limit, timeout_seconds: 60 } });

const linkTo = (lang: Lang, text: string) => `/query?${new URLSearchParams({ lang, text })}`;

/** Where the server found fault, as long as the text is the one that it read. */
function useDiagnostic(failure: ApiError | undefined, outcome: Outcome | undefined, text: string): Diagnostic | undefined {
    const kept = useRef<{ failure: ApiError; diagnostic: Diagnostic }>(undefined);
    const span = failure?.detail.span;
    if (!failure || !span || outcome?.run.text !== text) return undefined;
    if (kept.current?.failure !== failure) {
        kept.current = {
            failure,
            diagnostic: {
                ...fromBytes(text, span),
                message: [failure.detail.message, hintOf(failure.detail)].filter(Boolean).join("\n"),
                severity: "error",
            },
        };
    }
    return kept.current.diagnostic;
}

function SaveQuery({ lang, text }: { lang: Lang; text: string }) {
    const save = async (name: string, forAll: boolean): Promise<boolean> => {
        if (!forAll) keep({ name, lang, text });
        else {
            try {
                await share(`saved/${slug(name)}`, withHeader({ title: name }, text));
            } catch (error) {
                toast(saying(error), { tone: "bad" });
                return false;
            }
            refresh();
        }
        toast(`Saved as "${name}"`);
        return true;
    };
    return (
        <Popover
            class="button quiet"
            right
            label={
                <>
                    <Icon name="star" />
                    Save
                </>
            }
        >
            {(close) => (
                <form
                    class="typed"
                    onSubmit={(event) => {
                        event.preventDefault();
                        const given = new FormData(event.currentTarget);
                        const name = String(given.get("name") ?? "").trim();
                        if (!name || !text.trim()) return;
                        void save(name, given.get("all") !== null).then((done) => done && close());
                    }}
                >
                    <div class="stack">
                        <input class="field" name="name" aria-label="Name of the query" placeholder="Name" autocomplete="off" />
                        {sharing && lang === "kql" && (
                            <Needs right="contribute">
                                <label class="menu-item">
                                    <input type="checkbox" name="all" defaultChecked={mayDo("contribute")} />
                                    For everybody who works here
                                </label>
                            </Needs>
                        )}
                    </div>
                    <button type="submit" class="button">
                        Save
                    </button>
                </form>
            )}
        </Popover>
    );
}

const examples: Record<Lang, readonly (readonly [string, string])[]> = {
    kql: [
        ["Alerts by day", "Alerts\n| summarize Alerts = count() by bin(StartTime, 1d), Severity\n| render columnchart"],
        ["Busiest relations", "Relations\n| summarize Edges = count() by Relation\n| top 15 by Edges\n| render barchart"],
        [
            "Sign-ins by address",
            "SigninLogs\n| summarize Signins = count(), Users = dcount(UserPrincipalName) by IPAddress\n| order by Signins desc",
        ],
    ],
    sql: [
        ["Busiest relations", "SELECT Relation, count(*) AS Edges\nFROM Relations\nGROUP BY Relation\nORDER BY Edges DESC\nLIMIT 15"],
        [
            "Alerts by severity and product",
            "SELECT ProductName, Severity, count(*) AS Alerts\nFROM Alerts\nGROUP BY ProductName, Severity\nORDER BY Alerts DESC",
        ],
        [
            "Sign-ins by address",
            "SELECT IPAddress, count(*) AS Signins, count(DISTINCT UserPrincipalName) AS Users\nFROM SigninLogs\nGROUP BY IPAddress\nORDER BY Signins DESC",
        ],
    ],
    cypher: [
        [
            "Who signed in from where",
            "MATCH (a:account)-[r:signed_in_from]->(i:ip)\nRETURN a.label, i.label, r.count\nORDER BY r.count DESC\nLIMIT 20",
        ],
        ["What hangs together with a host", "MATCH (h:host)-[r]-(other)\nRETURN h, r, other\nLIMIT 100"],
    ],
};

function Examples({ lang, onOpen }: { lang: Lang; onOpen: (lang: Lang, text: string) => void }) {
    return (
        <Empty
            title="Ask the tables, the graph and the text at once"
            actions={examples[lang].map(([name, text]) => (
                <button key={name} type="button" class="button" onClick={() => onOpen(lang, text)}>
                    {name}
                </button>
            ))}
        >
            Names are those of the tables under Schema. Queries only read.
        </Empty>
    );
}
