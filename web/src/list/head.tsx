// What the heads of the long lists have in common: the query behind the list, the list as a file, and how many rows fit.
import type { ComponentChildren } from "preact";
import { href } from "../router/router";
import type { saveList } from "../state/csv";
import { Icon } from "../ui/icons";
import { counted } from "./bulkbar";

interface Props {
    /** The list as a query. */
    query: { lang: "kql" | "sql"; text: string };
    /** Saves all of the list, however long, as CSV. */
    save: () => ReturnType<typeof saveList>;
    /** What else the list offers. */
    children?: ComponentChildren;
}

export function ListTools({ query, save, children }: Props) {
    return (
        <>
            <a class="button quiet" href={href("/query", query)}>
                <Icon name="query" />
                Show query
            </a>
            {children}
            <button type="button" class="button quiet" onClick={() => void save()}>
                <Icon name="download" />
                CSV
            </button>
        </>
    );
}

/** How many rows fit; nothing as long as nobody knows. */
export function Fitting({ noun, total }: { noun: string; total: number | undefined }) {
    return (
        <span class="faint number" role="status">
            {total === undefined ? "" : counted(noun, total)}
        </span>
    );
}
