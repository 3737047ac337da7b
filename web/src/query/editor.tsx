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
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { kqlOperators, kqlWords, type Lang, type LineState, nextToken, sqlWords, startState } from "./language";

/** What the server said about a place of the text. */
export interface Diagnostic {
    from: number;
    to: number;
    message: string;
}

/** Names that completion offers. */
export interface Names {
    tables: readonly string[];
    columns: readonly { name: string; type: string; table: string }[];
}

/** A text that is put into the editor from outside. */
export interface Given {
    text: string;
}

interface Props {
    lang: Lang;
    /** The text to begin with; another object replaces what was typed. */
    given: Given;
    names: Names;
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
    languageData: { commentTokens: { line: lang === "kql" ? "//" : "--" }, closeBrackets: { brackets: ["(", "[", "{", "'", '"'] } },
    tokenTable: {
        function: tags.function(tags.variableName),
        table: tags.className,
        type: tags.typeName,
        parameter: tags.special(tags.variableName),
    },
});

const languages = { kql: StreamLanguage.define(parser("kql")), sql: StreamLanguage.define(parser("sql")) };

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
    ".cm-completionDetail": { color: "var(--faint)", fontStyle: "normal" },
});

/** What may come at the cursor: words of the language, tables, columns of the tables that the text names. */
function complete(lang: Lang, names: () => Names) {
    const language = lang === "kql" ? `${kqlOperators} ${kqlWords}` : sqlWords;
    const keywords = [...new Set(language.split(" "))].map((label) => ({ label, type: "keyword" }));
    return (context: CompletionContext): CompletionResult | null => {
        const word = context.matchBefore(/[\w-]+/);
        if (!word && !context.explicit) return null;
        const { tables, columns } = names();
        const seen = new Map<string, { label: string; type: string; detail: string; boost: number }>();
        for (const column of columns) {
            if (!seen.has(column.name))
                seen.set(column.name, { label: column.name, type: "property", detail: `${column.type}, ${column.table}`, boost: 1 });
        }
        return {
            from: word?.from ?? context.pos,
            options: [...seen.values(), ...tables.map((label) => ({ label, type: "class", detail: "table", boost: 2 })), ...keywords],
            validFor: /^[\w-]*$/,
        };
    };
}

export function Editor(props: Props) {
    const host = useRef<HTMLDivElement>(null);
    const view = useRef<EditorView>(undefined);
    const current = useRef(props);
    current.current = props;
    const language = useRef(new Compartment());
    const setup = (lang: Lang) => [
        languages[lang],
        autocompletion({
            override: [complete(lang, () => current.current.names)],
            activateOnTyping: true,
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
        const editor = view.current;
        if (!editor) return;
        const most = editor.state.doc.length;
        const from = Math.min(diagnostic?.from ?? 0, most);
        const to = Math.min(Math.max(diagnostic?.to ?? 0, from), most);
        editor.dispatch(setDiagnostics(editor.state, diagnostic ? [{ from, to, severity: "error", message: diagnostic.message }] : []));
    }, [diagnostic]);
    return <div class="editor" ref={host} />;
}

function run(action: () => void): boolean {
    action();
    return true;
}
