// The question behind a number: its text, to be copied or opened. A number of the page that cannot be asked again would be a claim.
// Numbers that stand in a button or a link carry their question with them (`asked`); the lens of the page opens it.
import { href } from "../router/router";
import { formatCount } from "../state/time";
import { Popover } from "./dialog";
import { Icon } from "./icons";
import { copyText } from "./toast";

/** What a number counts, and how that is asked. */
export interface Question {
    /** What the number counts, for its name. */
    of: string;
    /** SQL or KQL; or the request of the API that counted. */
    lang?: "sql" | "kql" | "request";
    text: string;
    /** Whether the number is what a source recorded then: the query finds what is there now. */
    recorded?: boolean;
}

interface Props extends Question {
    right?: boolean;
}

/** Attributes of an element whose numbers answer a question. */
export function asked(question: Question): { "data-question": string } {
    return { "data-question": JSON.stringify(question) };
}

/** The question that an element carries. */
export function questionOf(element: Element): Question | undefined {
    const text = element.closest("[data-question]")?.getAttribute("data-question");
    return text ? (JSON.parse(text) as Question) : undefined;
}

/** A number with the question behind it. */
export function Counted({ count, ...question }: Props & { count: number | string | null | undefined }) {
    return (
        <span class="line">
            <span class="number" {...asked(question)}>
                {typeof count === "string" ? count : formatCount(count)}
            </span>
            <ShowQuery {...question} />
        </span>
    );
}

/** A number that opens the question behind it, where there is no room for a sign beside it. */
export function Count({ count, right = true, ...question }: Props & { count: number | string | null | undefined }) {
    const text = typeof count === "string" ? count : formatCount(count);
    return (
        <Popover
            class="asks number"
            name={`${text}, show query: ${question.of}`}
            label={<span {...asked(question)}>{text}</span>}
            right={right}
        >
            {(close) => <QuestionCard question={question} close={close} />}
        </Popover>
    );
}

export function ShowQuery({ right = true, ...question }: Props) {
    return (
        <Popover class="button quiet icon small show-query" name={`Show query: ${question.of}`} label={<Icon name="query" />} right={right}>
            {(close) => <QuestionCard question={question} close={close} />}
        </Popover>
    );
}

/** The text of a question, and what can be done with it. */
export function QuestionCard({ question, close }: { question: Question; close: () => void }) {
    const { lang = "sql", text } = question;
    return (
        <div class="query-card">
            <pre class="json" tabIndex={0}>
                {text}
            </pre>
            {question.recorded && <p class="muted small">The number is what its source recorded then; the query finds what is here now.</p>}
            <div class="line">
                <span class="grow" />
                <button type="button" class="button small" onClick={() => void copyText(text, "The query").then(close)}>
                    <Icon name="copy" />
                    Copy
                </button>
                {lang !== "request" && (
                    <a class="button small primary" href={href("/query", { lang, text })} onClick={close}>
                        <Icon name="play" />
                        Open and run
                    </a>
                )}
            </div>
        </div>
    );
}
