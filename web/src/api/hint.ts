// What an error advises. The API advises people at a shell as well (`clew tables` lists them): in the page the same is done elsewhere.
import { errorDetail } from "./client";
import type { ErrorDetail } from "./types";

type Hinting = Pick<ErrorDetail, "hint">;

/** A place of the page. */
interface Way {
    readonly label: string;
    readonly href: string;
}

const SEARCH: Way = { label: "Search", href: "/search" };
const SOURCES: Way = { label: "Sources", href: "/admin/sources" };

/** Where the page does what a command does. */
const WAYS: Readonly<Record<string, Way>> = {
    incidents: { label: "Incidents", href: "/incidents" },
    entities: SEARCH,
    search: SEARCH,
    tables: { label: "Tables", href: "/query" },
    proposals: { label: "Proposals", href: "/proposals" },
    ingest: SOURCES,
    ingests: SOURCES,
    key: { label: "Keys", href: "/admin/keys" },
    verify: { label: "Health", href: "/admin/health" },
};

const COMMAND = /`clew ([a-z-]+)[^`]*`/;
/** Before a sign that parts a sentence, outside of code. */
const BREAK = /(?=[:;,]\s)(?=(?:[^`]*`[^`]*`)*[^`]*$)/;

/** The hint without the parts that only a shell can follow; nothing where nothing else is left. */
export function hintOf({ hint }: Hinting): string {
    if (!hint || !COMMAND.test(hint)) return hint ?? "";
    const kept = hint.split(BREAK).filter((part) => !COMMAND.test(part));
    return kept.join("").replace(/^[:;,]\s+/, "");
}

/** Where the page has what the hint sends people to a shell for. */
export function wayOf({ hint }: Hinting): Way | undefined {
    const command = COMMAND.exec(hint ?? "")?.[1];
    return command === undefined ? undefined : WAYS[command];
}

/** An error in one line: what it says and what it advises. */
export function saying(error: unknown): string {
    const detail = errorDetail(error);
    return [detail.message, hintOf(detail)].filter(Boolean).join(": ");
}
