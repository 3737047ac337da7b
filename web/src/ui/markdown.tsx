// Markdown of comments and descriptions, read into plain data and shown as elements: nothing of a text can become markup.
import type { ComponentChildren } from "preact";
import { webAddress } from "./outlink";

export type Inline =
    | { readonly kind: "text" | "code"; readonly text: string }
    | { readonly kind: "strong" | "em"; readonly inner: readonly Inline[] }
    | { readonly kind: "link"; readonly href: string; readonly text: string };

export type Block =
    | { readonly kind: "heading"; readonly level: number; readonly inner: readonly Inline[] }
    | { readonly kind: "paragraph" | "quote"; readonly inner: readonly Inline[] }
    | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
    | { readonly kind: "code"; readonly text: string }
    | { readonly kind: "rule" };

const FENCE = /^\s*```/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const RULE = /^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/;

/** The blocks of a text. */
export function readMarkdown(text: string): Block[] {
    const lines = text.replace(/\r\n?/g, "\n").split("\n");
    const blocks: Block[] = [];
    let at = 0;
    /** Takes lines as long as `fits` gives something of them. */
    const take = <T,>(fits: (line: string) => T | undefined): T[] => {
        const found: T[] = [];
        for (; at < lines.length; at += 1) {
            const one = fits(lines[at] as string);
            if (one === undefined) break;
            found.push(one);
        }
        return found;
    };
    while (at < lines.length) {
        const line = lines[at] as string;
        const heading = HEADING.exec(line);
        if (line.trim() === "") at += 1;
        else if (FENCE.test(line)) {
            at += 1;
            const inner = take((one) => (FENCE.test(one) ? undefined : one));
            at += 1;
            blocks.push({ kind: "code", text: inner.join("\n") });
        } else if (heading) {
            at += 1;
            blocks.push({ kind: "heading", level: (heading[1] ?? "#").length, inner: readInline(heading[2] ?? "") });
        } else if (RULE.test(line)) {
            at += 1;
            blocks.push({ kind: "rule" });
        } else if (QUOTE.test(line)) {
            blocks.push({ kind: "quote", inner: readInline(take((one) => QUOTE.exec(one)?.[1]).join("\n")) });
        } else if (ITEM.test(line)) {
            const ordered = ITEM.exec(line)?.[1] !== undefined;
            const items = take((one) => {
                const found = ITEM.exec(one);
                return found && (found[1] !== undefined) === ordered ? (found[2] ?? "") : undefined;
            });
            blocks.push({ kind: "list", ordered, items: items.map(readInline) });
        } else {
            const rest = take((one) => (begins(one) ? undefined : one));
            blocks.push({ kind: "paragraph", inner: readInline(rest.join("\n")) });
        }
    }
    return blocks;
}

/** Whether a line ends a paragraph: it is empty or begins something else. */
function begins(line: string): boolean {
    return line.trim() === "" || [FENCE, HEADING, ITEM, QUOTE, RULE].some((one) => one.test(line));
}

const PARTS =
    /`([^`\n]+)`|\*\*(?=\S)([^\n]+?)(?<=\S)\*\*|(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])|\[([^\]\n]+)\]\(([^()\s]+)\)/;

function readInline(text: string): Inline[] {
    const found: Inline[] = [];
    const say = (words: string) => {
        const last = found.at(-1);
        if (words === "") return;
        if (last?.kind === "text") found[found.length - 1] = { kind: "text", text: last.text + words };
        else found.push({ kind: "text", text: words });
    };
    for (let rest = text; rest !== ""; ) {
        const match = PARTS.exec(rest);
        if (!match) {
            say(rest);
            break;
        }
        say(rest.slice(0, match.index));
        rest = rest.slice(match.index + match[0].length);
        const [whole, code, strong, em, label, target] = match;
        const href = target === undefined ? null : webAddress(target);
        if (code !== undefined) found.push({ kind: "code", text: code });
        else if (strong !== undefined) found.push({ kind: "strong", inner: readInline(strong) });
        else if (em !== undefined) found.push({ kind: "em", inner: readInline(em) });
        else if (href !== null && label !== undefined) found.push({ kind: "link", href, text: label });
        else say(whole);
    }
    return found;
}

export function Markdown({ text }: { text: string }) {
    return <div class="markdown">{readMarkdown(text).map(shownBlock)}</div>;
}

function shownBlock(block: Block, key: number): ComponentChildren {
    switch (block.kind) {
        case "heading":
            // A comment's headings lie below those of the page, whatever their level.
            return (
                <p key={key} class="markdown-head">
                    {block.inner.map(shownInline)}
                </p>
            );
        case "paragraph":
            return <p key={key}>{block.inner.map(shownInline)}</p>;
        case "quote":
            return <blockquote key={key}>{block.inner.map(shownInline)}</blockquote>;
        case "code":
            return (
                <pre key={key} tabIndex={0}>
                    {block.text}
                </pre>
            );
        case "rule":
            return <hr key={key} />;
        case "list": {
            const items = block.items.map((item, index) => <li key={index}>{item.map(shownInline)}</li>);
            return block.ordered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>;
        }
    }
}

function shownInline(part: Inline, key: number): ComponentChildren {
    switch (part.kind) {
        case "text":
            return part.text;
        case "code":
            return <code key={key}>{part.text}</code>;
        case "strong":
            return <strong key={key}>{part.inner.map(shownInline)}</strong>;
        case "em":
            return <em key={key}>{part.inner.map(shownInline)}</em>;
        case "link":
            return (
                <a key={key} href={part.href} target="_blank" rel="noopener noreferrer">
                    {part.text}
                </a>
            );
    }
}
