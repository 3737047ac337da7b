// The editor of queries. It lives in a shadow root: there its styles come as style sheet objects, which the content policy allows.
import {
    acceptCompletion,
    autocompletion,
    type CompletionContext,
    type CompletionResult,
    closeBrackets,
    completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, toggleComment } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, type StreamParser, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Lint, linter, lintGutter } from "@codemirror/lint";
import { Compartment, EditorState, StateEffect } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { check, type Diagnostic, suggest } from "./assist";
import { cypherWords, type Lang, type LineState, nextToken, startState } from "./language";

/** A text that is put into the editor from outside. */
export interface Given {
    text: string;
}

interface Props {
    lang: Lang;
    /** The text to begin with; another object replaces what was typed. */
    given: Given;
    /** What the last run found fault with, as long as the text is the same. */
    diagnostic: Diagnostic | undefined;
    onText: (text: string) => void;
    onRun: () => void;
}

const parser = (lang: Lang): StreamParser<LineState> => ({
    name: lang,
    startState,
    copyState: (state) => ({ ...state }),
    token(stream, state) {
        const token = nextToken(lang, stream.string.slice(stream.pos), state);
        stream.pos += Math.max(1, token.length);
        return token.kind === "other" || token.kind === "name" ? null : token.kind;
    },
    languageData: { commentTokens: { line: lang === "sql" ? "--" : "//" }, closeBrackets: { brackets: ["(", "[", "{", "'", '"'] } },
    tokenTable: {
        function: tags.function(tags.variableName),
        table: tags.className,
        type: tags.typeName,
        parameter: tags.special(tags.variableName),
    },
});

const languages = {
    kql: StreamLanguage.define(parser("kql")),
    sql: StreamLanguage.define(parser("sql")),
    cypher: StreamLanguage.define(parser("cypher")),
};

const colours = HighlightStyle.define([
    { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
    { tag: tags.operator, color: "var(--muted)" },
    { tag: tags.string, color: "var(--good)" },
    { tag: tags.number, color: "var(--warn)" },
    { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
    { tag: tags.function(tags.variableName), color: "var(--kind-host)" },
    { tag: tags.className, color: "var(--text)" },
    { tag: tags.typeName, color: "var(--kind-url)" },
    { tag: tags.special(tags.variableName), color: "var(--kind-process)" },
]);

const look = EditorView.theme({
    "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--surface)", color: "var(--text)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
    ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--faint)", border: "0" },
    ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
        backgroundColor: "var(--selected)",
    },
    ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selected)" },
    ".cm-placeholder": { color: "var(--faint)" },
    ".cm-tooltip": { backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)", borderRadius: "6px", color: "var(--text)" },
    ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
    ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--text)" },
    ".cm-tooltip-autocomplete > ul > li": { display: "flex", gap: "12px", padding: "3px 10px" },
    ".cm-completionLabel": { flex: "none" },
    ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
    ".cm-completionDetail": {
        color: "var(--faint)",
        fontStyle: "normal",
        fontFamily: "var(--font)",
        marginLeft: "auto",
        overflow: "hidden",
        textOverflow: "ellipsis",
    },
    ".cm-diagnostic": { padding: "6px 10px", borderLeftWidth: "3px", fontFamily: "var(--font)", whiteSpace: "pre-line" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
    ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1px", textUnderlineOffset: "3px" },
    ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn) 1px", textUnderlineOffset: "3px" },
});

const cypherOptions = cypherWords.split(" ").map((label) => ({ label, type: "keyword" }));

/** What may come at the cursor: the server knows tables, columns, functions and types; of openCypher only the words are known. */
function complete(lang: Lang) {
    return async (context: CompletionContext): Promise<CompletionResult | null> => {
        const word = context.matchBefore(/[\w-]+/);
        const behind = context.matchBefore(/[|(,.=<>~!]\s*|\s(?:by|on|and|or|where|in)\s/i);
        if (!word && !behind && !context.explicit) return null;
        if (lang === "cypher") return word ? { from: word.from, options: cypherOptions, validFor: /^\w*$/ } : null;
        const controller = new AbortController();
        context.addEventListener("abort", () => controller.abort());
        const found = await suggest(lang, context.state.doc.toString(), context.pos, controller.signal);
        if (!found || context.aborted) return null;
        return {
            from: found.from,
            to: found.to,
            // The server's order is kept: it knows what fits best here.
            options: found.items.map((item, index) => ({
                label: item.label,
                type: item.kind,
                detail: item.detail,
                apply: item.insert,
                boost: 99 - Math.min(198, index),
            })),
            validFor: /^\w*$/,
        };
    };
}

const CHECK_MS = 350;
/** Says that the last run found fault with something else than before. */
const ranAgain = StateEffect.define<null>();

/** Marks mistakes while one types, and what the last run found fault with. */
function marks(lang: Lang, last: () => Diagnostic | undefined) {
    return linter(
        async (view): Promise<Lint[]> => {
            const text = view.state.doc.toString();
            const found = lang === "kql" ? await check(text) : [];
            const run = last();
            const all = run && found.length === 0 ? [run] : found;
            const most = view.state.doc.length;
            return all.map(({ from, to, message, severity }) => ({
                from: Math.min(from, most),
                to: Math.min(Math.max(to, from), most),
                message,
                severity,
            }));
        },
        {
            delay: CHECK_MS,
            needsRefresh: (update) => update.transactions.some((one) => one.effects.some((effect) => effect.is(ranAgain))),
        },
    );
}

export function Editor(props: Props) {
    const host = useRef<HTMLDivElement>(null);
    const view = useRef<EditorView>(undefined);
    const current = useRef(props);
    current.current = props;
    const language = useRef(new Compartment());
    const setup = (lang: Lang) => [
        languages[lang],
        marks(lang, () => current.current.diagnostic),
        autocompletion({
            override: [complete(lang)],
            activateOnTyping: true,
            activateOnTypingDelay: 60,
            maxRenderedOptions: 60,
            interactionDelay: 0,
            icons: false,
        }),
    ];
    useEffect(() => {
        if (!host.current) return;
        const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
        const editor = new EditorView({
            root,
            parent: root,
            state: EditorState.create({
                doc: current.current.given.text,
                extensions: [
                    lineNumbers(),
                    history(),
                    drawSelection(),
                    highlightActiveLine(),
                    bracketMatching(),
                    closeBrackets(),
                    lintGutter(),
                    placeholder("Ask the tables and the graph. Ctrl+Enter runs."),
                    syntaxHighlighting(colours),
                    look,
                    EditorView.lineWrapping,
                    EditorView.contentAttributes.of({ "aria-label": "Query" }),
                    language.current.of(setup(current.current.lang)),
                    keymap.of([
                        { key: "Mod-Enter", run: () => run(current.current.onRun) },
                        { key: "Shift-Enter", run: () => run(current.current.onRun) },
                        { key: "Mod-/", run: toggleComment },
                        // Tab takes a completion; else it leaves the editor, as it leaves every field.
                        { key: "Tab", run: acceptCompletion },
                        ...completionKeymap,
                        ...historyKeymap,
                        ...defaultKeymap,
                    ]),
                    EditorView.updateListener.of((update) => {
                        if (update.docChanged) current.current.onText(update.state.doc.toString());
                    }),
                ],
            }),
        });
        view.current = editor;
        return () => editor.destroy();
    }, []);
    useEffect(() => {
        view.current?.dispatch({ effects: language.current.reconfigure(setup(props.lang)) });
    }, [props.lang]);
    useEffect(() => {
        const editor = view.current;
        if (!editor || editor.state.doc.toString() === props.given.text) return;
        editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.given.text } });
    }, [props.given]);
    const { diagnostic } = props;
    useEffect(() => {
        view.current?.dispatch({ effects: ranAgain.of(null) });
    }, [diagnostic]);
    return <div class="editor" ref={host} />;
}

function run(action: () => void): boolean {
    action();
    return true;
}
