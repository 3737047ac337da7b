// JSON as coloured text. Every value is a text node: nothing of a document can become markup.
import type { ComponentChildren } from "preact";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;
/** Longer documents are shown without colours. */
const COLOURED_CHARS_MAX = 200_000;

export function Json({ value }: { value: unknown }) {
    const text = JSON.stringify(value, null, 2) ?? "";
    return (
        <pre class="json" tabIndex={0}>
            {text.length > COLOURED_CHARS_MAX ? text : coloured(text)}
        </pre>
    );
}

function coloured(text: string): ComponentChildren[] {
    const parts: ComponentChildren[] = [];
    let last = 0;
    for (const match of text.matchAll(TOKEN)) {
        const at = match.index;
        if (at > last) parts.push(text.slice(last, at));
        const [whole, string, colon] = match;
        if (string && colon) parts.push(<span class="key">{string}</span>, colon);
        else parts.push(<span class={string ? "string" : "atom"}>{whole}</span>);
        last = at + whole.length;
    }
    parts.push(text.slice(last));
    return parts;
}
