// What the heads of the long lists have in common: the query behind the list, the list as a file and on paper, and how many rows fit.
import type { ComponentChildren } from "preact";
import { href } from "../router/router";
import type { saveList } from "../state/csv";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { printKey, type printList } from "../ui/paper";
import { asked, type Question, QuestionCard } from "../ui/showquery";
import { counted } from "./bulkbar";

interface Props {
    /** The list as a query. */
    query: Question;
    /** Saves all of the list, however long, as CSV. */
    save: () => ReturnType<typeof saveList>;
    /** Prints the list as it is shown, up to what one print-out takes. */
    print: () => ReturnType<typeof printList>;
    /** What else the list offers. */
    children?: ComponentChildren;
}

export function ListTools({ query, save, print, children }: Props) {
    useKeys("List", [printKey(() => void print())]);
    return (
        <>
            {query.lang === "request" ? (
                <Popover
                    class="button quiet"
                    right
                    label={
                        <>
                            <Icon name="query" />
                            Show query
                        </>
                    }
                >
                    {(close) => <QuestionCard question={query} close={close} />}
                </Popover>
            ) : (
                <a class="button quiet" href={href("/query", { lang: query.lang ?? "sql", text: query.text })}>
                    <Icon name="query" />
                    Show query
                </a>
            )}
            {children}
            <button type="button" class="button quiet" onClick={() => void print()}>
                <Icon name="print" />
                Print
            </button>
            <button type="button" class="button quiet" onClick={() => void save()}>
                <Icon name="download" />
                CSV
            </button>
        </>
    );
}

/** How many rows fit; nothing as long as nobody knows. */
export function Fitting({ noun, total, question }: { noun: string; total: number | undefined; question: Question }) {
    return (
        <span class="faint number" role="status" {...asked(question)}>
            {total === undefined ? "" : counted(noun, total)}
        </span>
    );
}
