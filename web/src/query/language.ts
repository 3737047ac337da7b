// Colours for KQL, SQL and openCypher: small tokenizers, one line at a time. What is right or wrong, the server says.

export type Lang = "kql" | "sql" | "cypher";

/** What a piece of text is. */
export type TokenKind =
    | "comment"
    | "string"
    | "number"
    | "keyword"
    | "operator"
    | "function"
    | "table"
    | "type"
    | "parameter"
    | "name"
    | "other";

export interface Token {
    kind: TokenKind;
    length: number;
}

/** What a line leaves open for the next one. */
export interface LineState {
    open: "" | "comment" | "verbatim" | "fence";
    /** Whether the next name stands where KQL has an operator: behind a pipe. */
    afterPipe: boolean;
}

export const startState = (): LineState => ({ open: "", afterPipe: false });

const words = (text: string) => new Set(text.split(" "));

export const kqlOperators =
    "as consume count datatable distinct evaluate extend externaldata facet find fork getschema graph-match graph-shortest-paths graph-to-table invoke join limit lookup make-graph make-series mv-apply mv-expand order parse parse-where partition print project project-away project-keep project-rename project-reorder range reduce render sample sample-distinct scan search serialize sort summarize take tee top top-hitters top-nested union where";
const kqlOperatorSet = words(kqlOperators);
export const kqlWords =
    "and or not in has hasprefix hassuffix contains startswith endswith matches regex between by on kind asc desc nulls first last let set true false null with of to from step default inner leftouter rightouter fullouter leftanti rightanti leftsemi rightsemi innerunique has_any has_all has_cs contains_cs startswith_cs endswith_cs in~ isfuzzy withsource hint dynamic";
const kqlWordSet = words(kqlWords);
const kqlTypes = words("string long int real double decimal bool boolean datetime date timespan time guid dynamic");
export const sqlWords =
    "SELECT FROM WHERE AND OR NOT IN IS NULL LIKE ILIKE BETWEEN GROUP BY ORDER HAVING LIMIT OFFSET AS ON JOIN LEFT RIGHT FULL OUTER INNER CROSS SEMI ANTI UNION ALL EXCEPT INTERSECT DISTINCT CASE WHEN THEN ELSE END WITH RECURSIVE ASC DESC NULLS FIRST LAST OVER PARTITION FILTER INTERVAL CAST TRY_CAST EXISTS UNNEST LATERAL VALUES TRUE FALSE EXPLAIN ESCAPE ROWS RANGE PRECEDING FOLLOWING UNBOUNDED CURRENT ROW QUALIFY";
const sqlWordSet = words(sqlWords);
const sqlTypes = words("VARCHAR TEXT BIGINT INT INTEGER DOUBLE FLOAT DECIMAL BOOLEAN TIMESTAMP DATE TIME");

export const cypherWords =
    "MATCH OPTIONAL WHERE RETURN WITH UNWIND ORDER BY SKIP LIMIT ASC DESC DISTINCT AS AND OR XOR NOT IN IS NULL STARTS ENDS CONTAINS CASE WHEN THEN ELSE END UNION ALL ANY NONE SINGLE EXISTS TRUE FALSE";
const cypherWordSet = words(cypherWords);

const SPACE = /^\s+/;
const NAME = /^[A-Za-z_]\w*/;
const NUMBER = /^(?:0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:tick|microsecond|ms|[dhms](?![A-Za-z]))?/;
const PARAMETER = /^\$\w+/;
const QUOTED: Record<string, RegExp> = { '"': /^"(?:[^"\\]|\\.)*(?:"|$)/, "'": /^'(?:[^'\\]|\\.)*(?:'|$)/ };
const SQL_QUOTED: Record<string, RegExp> = { '"': /^"(?:[^"]|"")*(?:"|$)/, "'": /^'(?:[^']|'')*/ };
const OPERATOR = /^(?:=~|!~|==|!=|<>|<=|>=|=>|\.\.|\|\||::|-->|<--|--|[-+*/%=<>|])/;

/** The token at the begin of `rest`. `state` changes with it. */
export function nextToken(lang: Lang, rest: string, state: LineState): Token {
    if (state.open) return closeOpen(rest, state);
    const space = SPACE.exec(rest);
    if (space) return { kind: "other", length: space[0].length };
    if (lang === "cypher") return cypherToken(rest, state);
    return lang === "kql" ? kqlToken(rest, state) : sqlToken(rest, state);
}

/** Goes on with what an earlier line opened. */
function closeOpen(rest: string, state: LineState): Token {
    const ends = { comment: "*/", verbatim: "'", fence: "```", "": "" };
    const end = ends[state.open];
    const kind = state.open === "comment" ? "comment" : "string";
    const at = rest.indexOf(end);
    if (at < 0) return { kind, length: rest.length };
    state.open = "";
    return { kind, length: at + end.length };
}

function simple(rest: string, quoted: Record<string, RegExp>): Token | undefined {
    const text = quoted[rest[0] ?? ""]?.exec(rest);
    if (text) return { kind: "string", length: text[0].length };
    const number = NUMBER.exec(rest);
    if (number) return { kind: "number", length: number[0].length };
    const parameter = PARAMETER.exec(rest);
    if (parameter) return { kind: "parameter", length: parameter[0].length };
    return undefined;
}

function kqlToken(rest: string, state: LineState): Token {
    if (rest.startsWith("//")) return { kind: "comment", length: rest.length };
    if (rest.startsWith("```")) {
        state.open = "fence";
        const close = closeOpen(rest.slice(3), state);
        return { kind: "string", length: close.length + 3 };
    }
    const verbatim = /^[@hH]+(?=["'])/.exec(rest);
    if (verbatim) {
        const quote = rest[verbatim[0].length] ?? '"';
        const end = rest.indexOf(quote, verbatim[0].length + 1);
        return { kind: "string", length: end < 0 ? rest.length : end + 1 };
    }
    const plain = simple(rest, QUOTED);
    if (plain) {
        state.afterPipe = false;
        return plain;
    }
    const afterPipe = state.afterPipe;
    const hyphened = /^[A-Za-z]+(?:-[A-Za-z]+)+/.exec(rest)?.[0];
    const name = hyphened && kqlOperatorSet.has(hyphened) ? hyphened : NAME.exec(rest)?.[0];
    if (name) {
        state.afterPipe = false;
        const behind = rest.slice(name.length);
        if (afterPipe || (kqlOperatorSet.has(name) && name.includes("-"))) {
            if (kqlOperatorSet.has(name)) return { kind: "keyword", length: name.length };
        }
        if (kqlWordSet.has(name)) return { kind: "operator", length: name.length };
        if (/^\s*\(/.test(behind))
            return { kind: kqlTypes.has(name) ? "type" : kqlOperatorSet.has(name) ? "keyword" : "function", length: name.length };
        if (kqlTypes.has(name)) return { kind: "type", length: name.length };
        if (kqlOperatorSet.has(name) && /^\s+[\w*("'`@-]/.test(behind)) return { kind: "keyword", length: name.length };
        return { kind: /^[A-Z]/.test(name) ? "table" : "name", length: name.length };
    }
    const operator = OPERATOR.exec(rest);
    if (operator) {
        state.afterPipe = operator[0] === "|";
        return { kind: "operator", length: operator[0].length };
    }
    return { kind: "other", length: 1 };
}

function sqlToken(rest: string, state: LineState): Token {
    if (rest.startsWith("--")) return { kind: "comment", length: rest.length };
    if (rest.startsWith("/*")) {
        state.open = "comment";
        const close = closeOpen(rest.slice(2), state);
        return { kind: "comment", length: close.length + 2 };
    }
    if (rest.startsWith("'")) {
        const text = SQL_QUOTED["'"]?.exec(rest)?.[0] ?? "'";
        if (rest[text.length] === "'") return { kind: "string", length: text.length + 1 };
        state.open = "verbatim";
        return { kind: "string", length: text.length };
    }
    const plain = simple(rest, { '"': SQL_QUOTED['"'] as RegExp });
    if (plain) return plain.kind === "string" ? { ...plain, kind: "name" } : plain;
    const name = NAME.exec(rest)?.[0];
    if (name) {
        const upper = name.toUpperCase();
        if (sqlTypes.has(upper)) return { kind: "type", length: name.length };
        if (sqlWordSet.has(upper)) return { kind: "keyword", length: name.length };
        if (/^\s*\(/.test(rest.slice(name.length))) return { kind: "function", length: name.length };
        return { kind: "name", length: name.length };
    }
    const operator = OPERATOR.exec(rest);
    return operator ? { kind: "operator", length: operator[0].length } : { kind: "other", length: 1 };
}

function cypherToken(rest: string, state: LineState): Token {
    if (rest.startsWith("//")) return { kind: "comment", length: rest.length };
    if (rest.startsWith("/*")) {
        state.open = "comment";
        return { kind: "comment", length: closeOpen(rest.slice(2), state).length + 2 };
    }
    const text = /^(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?)/.exec(rest)?.[0];
    if (text) return { kind: "string", length: text.length };
    const escaped = /^`(?:[^`]|``)*`?/.exec(rest)?.[0];
    if (escaped) return { kind: "name", length: escaped.length };
    const label = /^:\s*[A-Za-z_]\w*/.exec(rest)?.[0];
    if (label) return { kind: "table", length: label.length };
    const parameter = /^\$\w+/.exec(rest)?.[0];
    if (parameter) return { kind: "parameter", length: parameter.length };
    const name = NAME.exec(rest)?.[0];
    if (name) {
        if (cypherWordSet.has(name.toUpperCase())) return { kind: "keyword", length: name.length };
        return { kind: /^\s*\(/.test(rest.slice(name.length)) ? "function" : "name", length: name.length };
    }
    const number = NUMBER.exec(rest)?.[0];
    if (number) return { kind: "number", length: number.length };
    const operator = /^(?:-\[|\]->|\]-|<-\[|-->|<--|--|<>|<=|>=|=~|\.\.|[-=<>+*/%^|])/.exec(rest)?.[0];
    return operator ? { kind: "operator", length: operator.length } : { kind: "other", length: 1 };
}

/** The tokens of a text, for tests and small views. */
export function tokens(lang: Lang, text: string): { kind: TokenKind; text: string }[] {
    const found: { kind: TokenKind; text: string }[] = [];
    const state = startState();
    for (const line of text.split("\n")) {
        for (let at = 0; at < line.length; ) {
            const token = nextToken(lang, line.slice(at), state);
            const length = Math.max(1, token.length);
            if (line.slice(at, at + length).trim()) found.push({ kind: token.kind, text: line.slice(at, at + length) });
            at += length;
        }
    }
    return found;
}

/** Places of a text in UTF-16 units for places in bytes of UTF-8, as errors give them. */
export function fromBytes(text: string, span: { start: number; end: number }): { from: number; to: number } {
    const bytes = new TextEncoder().encode(text);
    const decoder = new TextDecoder();
    const unit = (at: number) => decoder.decode(bytes.slice(0, Math.max(0, Math.min(at, bytes.length)))).length;
    return { from: unit(span.start), to: unit(span.end) };
}

/** The place in bytes of UTF-8 of a place in UTF-16 units, as the API counts. */
export function toBytes(text: string, at: number): number {
    return new TextEncoder().encode(text.slice(0, at)).length;
}
