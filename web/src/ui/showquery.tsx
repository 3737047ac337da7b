// The question behind a number: its text, to be copied or opened. A number of the page that cannot be asked again would be a claim.
import { href } from "../router/router";
import { formatCount } from "../state/time";
import { Popover } from "./dialog";
import { Icon } from "./icons";
import { copyText } from "./toast";

interface Props {
    /** What the number counts, for its name. */
    of: string;
    /** SQL or KQL; or the request of the API that counted. */
    lang?: "sql" | "kql" | "request";
    text: string;
    right?: boolean;
}

/** A number with the question behind it. */
export function Counted({ count, ...question }: Props & { count: number | string | null | undefined }) {
    return (
        <span class="line">
            <span class="number">{typeof count === "string" ? count : formatCount(count)}</span>
            <ShowQuery {...question} />
        </span>
    );
}

export function ShowQuery({ of, lang = "sql", text, right = true }: Props) {
    return (
        <Popover class="button quiet icon small show-query" name={`Show query: ${of}`} label={<Icon name="query" />} right={right}>
            {(close) => (
                <div class="query-card">
                    <pre class="json" tabIndex={0}>
                        {text}
                    </pre>
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
            )}
        </Popover>
    );
}
