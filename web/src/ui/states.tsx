// What a screen shows instead of data: nothing there, still loading, refused.
import type { ComponentChildren } from "preact";
import { ApiError, errorDetail } from "../api/client";
import { hintOf, wayOf } from "../api/hint";
import type { Resource } from "../api/resource";
import { href } from "../router/router";

/** Says that nothing is there and what to do about it. */
export function Empty({ title, children, actions }: { title: string; children?: ComponentChildren; actions?: ComponentChildren }) {
    return (
        <div class="state">
            <h2>{title}</h2>
            {children && <p>{children}</p>}
            {actions && <div class="actions">{actions}</div>}
        </div>
    );
}

/** Bars where rows will be. */
export function Loading({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
    const widths = ["72%", "88%", "54%", "80%", "63%", "91%"];
    return (
        <div class="loading-bars" role="status" aria-label={label}>
            {Array.from({ length: rows }, (_, index) => (
                <i key={index} class="skeleton" style={{ width: widths[index % widths.length] }} />
            ))}
        </div>
    );
}

/** Shows an error with its code, its hint, a way to try again and the place of the page that helps. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
    const detail = errorDetail(error);
    const [hint, way] = [hintOf(detail), wayOf(detail)];
    return (
        <div class="failure" role="alert">
            <strong>{detail.message}</strong>
            {hint && <span>{hint}</span>}
            <span class="code">
                {detail.code}
                {detail.request_id && <span class="faint"> · request {detail.request_id}</span>}
            </span>
            {(retry || way) && (
                <div class="line">
                    {retry && (
                        <button type="button" class="button small" onClick={retry}>
                            Try again
                        </button>
                    )}
                    {way && (
                        <a class="button small" href={way.href}>
                            Open {way.label}
                        </a>
                    )}
                </div>
            )}
        </div>
    );
}

/** A whole screen of something that could not be had: where nothing has that name, words of it may still find it. */
export function Missing({ error, retry, words }: { error: unknown; retry: () => void; words: string }) {
    if (!(error instanceof ApiError) || error.status !== 404) {
        return (
            <div class="padded">
                <Failure error={error} retry={retry} />
            </div>
        );
    }
    const said = error.detail.message.replaceAll("`", "");
    return (
        <Empty
            title={said.charAt(0).toUpperCase() + said.slice(1)}
            actions={
                <>
                    <a class="button" href={href("/search", { q: words })}>
                        Search for {words}
                    </a>
                    <a class="button" href="/incidents">
                        Open the incident queue
                    </a>
                </>
            }
        >
            It may have another name here, or lie in another workspace.
        </Empty>
    );
}

/** Shows what a resource has: its data, or why there is none. */
export function Loaded<T>({ of, children, rows }: { of: Resource<T>; children: (data: T) => ComponentChildren; rows?: number }) {
    if (of.data !== undefined) {
        return (
            <>
                {of.error ? <Failure error={of.error} retry={of.reload} /> : null}
                {children(of.data)}
            </>
        );
    }
    if (of.error) return <Failure error={of.error} retry={of.reload} />;
    return <Loading {...(rows === undefined ? {} : { rows })} />;
}
