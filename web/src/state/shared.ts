// Queries under a name that everybody of the workspace sees: the server keeps them. A view of the queue is one of them: its text gives
// the same incidents anywhere, and a line of its header says where the page shows them.
import { ask, askNamed, offered } from "../api/client";

/** A query of the server. */
export interface Shared {
    name: string;
    title: string;
    /** `built-in`, `file` or `api`: only what came through the API can be removed there. */
    origin: string;
    text: string;
}

/** Whether the server keeps queries. */
export const sharing = offered("put_query");

/** A part of a name: lower case, no spaces. */
export function slug(name: string): string {
    return (
        name
            .toLowerCase()
            .normalize("NFKD")
            .replace(/[\u0300-\u036f]/g, "")
            .replace(/[^a-z0-9]+/g, "-")
            .replace(/^-+|-+$/g, "") || "unnamed"
    );
}

/** The value of a line `// member: value` at the top of a text. */
export function member(text: string, name: string): string | undefined {
    for (const line of text.split("\n")) {
        const found = /^\/\/\s*([\w-]+)\s*:\s*(.*)$/.exec(line);
        if (!found) return undefined;
        if (found[1] === name) return found[2]?.trim();
    }
    return undefined;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** A text with a header. Header lines that it has already stay, but for those that are given anew. */
export function withHeader(header: Readonly<Record<string, string>>, text: string): string {
    const lines = text.split("\n");
    const end = lines.findIndex((line) => !/^\/\/\s*[\w-]+\s*:/.test(line));
    const old = (end < 0 ? lines : lines.slice(0, end)).filter((line) => !((/^\/\/\s*([\w-]+)/.exec(line)?.[1] as string) in header));
    const rest = (end < 0 ? [] : lines.slice(end)).join("\n").replace(/^\n+/, "");
    const made = Object.entries(header).map(([name, value]) => `// ${name}: ${oneLine(value)}`);
    return `${[...made, ...old].join("\n")}\n\n${rest}`;
}

/** The queries of the server that were saved through it, with their texts. */
export async function loadShared(fits: (name: string) => boolean, signal: AbortSignal): Promise<Shared[]> {
    if (!sharing) return [];
    const { value } = await ask("saved_queries", { origin: "api" }, { signal });
    return Promise.all(
        value
            .filter((row) => fits(row.name))
            .map(async ({ name, title, origin }) => {
                const { text } = await ask("saved_query", { id: name }, { signal });
                return { name, title, origin, text };
            }),
    );
}

/** Keeps a query on the server, in place of an earlier one of that name. */
export async function share(name: string, text: string): Promise<void> {
    await askNamed("put_query", { id: name }, { body: { text } });
}

/** Removes a query from the server. */
export async function unshare(name: string): Promise<void> {
    await askNamed("delete_query", { id: name });
}
