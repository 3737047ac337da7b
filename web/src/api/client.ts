// Asks the API: one function for every operation, typed by the description. Nothing else in the page calls `fetch`.
import { refusal, token } from "./session";
import { type ErrorDetail, type Operations, routes } from "./types";

/** A refusal or failure of the API, with the code and the hint that it gave. */
export class ApiError extends Error {
    readonly status: number;
    readonly detail: ErrorDetail;

    constructor(status: number, detail: ErrorDetail) {
        super(detail.message);
        this.name = "ApiError";
        this.status = status;
        this.detail = detail;
    }
}

export type Operation = keyof Operations;
export type Params<O extends Operation> = Operations[O]["params"];
export type Answer<O extends Operation> = Operations[O]["answer"];

type Value = string | number | boolean | readonly (string | number)[] | null | undefined;

interface Options<O extends Operation> {
    signal?: AbortSignal;
    body?: Operations[O]["body"];
}

/** The address of an operation with its parameters in path and query string. */
export function address<O extends Operation>(operation: O, params: Params<O>): string {
    const query = new URLSearchParams();
    let path = routes[operation].path;
    for (const [name, value] of Object.entries(params) as [string, Value][]) {
        if (value === undefined || value === null || value === "") continue;
        if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
        // A list may also stand in one parameter, parted by commas: a comma of an item is escaped.
        else if (Array.isArray(value)) for (const item of value) query.append(name, String(item).replaceAll(",", "\\,"));
        else query.set(name, String(value));
    }
    const text = query.toString();
    return text ? `${path}?${text}` : path;
}

/** Asks `operation` and gives its answer; throws `ApiError` when it refuses. */
export async function ask<O extends Operation>(operation: O, params: Params<O>, options: Options<O> = {}): Promise<Answer<O>> {
    const response = await send(operation, params, options);
    return named(await response.text()) as Answer<O>;
}

/** A member `id` that is a number and nothing else. */
const BARE = /"id":\s*"\d+"/;

/**
 * Reads an answer. A bare number means the incident of that number: one whose id is another number goes by `id:ID` in the page, as the API finds it.
 */
export function named(text: string): unknown {
    if (!BARE.test(text)) return JSON.parse(text);
    return JSON.parse(text, function (this: { number?: unknown }, key: string, value: unknown) {
        const other = key === "id" && typeof value === "string" && /^\d+$/.test(value) && typeof this.number === "number";
        return other && String(this.number) !== value ? `id:${String(value)}` : value;
    });
}

/** Like `ask`, for operations that answer with text. */
export async function askText<O extends Operation>(operation: O, params: Params<O>, options: Options<O> = {}): Promise<string> {
    return (await send(operation, params, options)).text();
}

/** Operations that change something are asked in the words of their own server, which may know more of them than this page. */
export function offered(name: string): boolean {
    return name in routes;
}

/** Asks an operation that not every server has; what it answers is read by the caller. */
export async function askNamed(
    name: string,
    params: Record<string, unknown>,
    options: { signal?: AbortSignal; body?: unknown } = {},
): Promise<unknown> {
    if (!offered(name))
        throw new ApiError(404, { code: "operation_unknown", message: `this server does not offer ${name}`, request_id: "" });
    return (await send(name as Operation, params as never, options as never)).json();
}

/** Asks for a file, however large: its bytes stay with the browser. */
export async function askFile<O extends Operation>(operation: O, params: Params<O>): Promise<Blob> {
    return (await send(operation, params, {})).blob();
}

/** Operations that answer everybody: that they do says nothing of who asks. */
const OPEN: ReadonlySet<string> = new Set(["health", "sign_in_ways", "sign_out"]);

let waiting = 0;

/** How many requests wait for their answer. */
export const underWay = (): number => waiting;

async function send<O extends Operation>(operation: O, params: Params<O>, options: Options<O>): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json" };
    const request: RequestInit = { method: routes[operation].method, headers, credentials: "same-origin" };
    if (token.peek()) headers.authorization = `Bearer ${token.peek()}`;
    if (options.signal) request.signal = options.signal;
    if (typeof options.body === "string" || options.body instanceof Blob) {
        headers["content-type"] = "application/octet-stream";
        request.body = options.body;
    } else if (options.body !== undefined) {
        headers["content-type"] = "application/json";
        request.body = JSON.stringify(options.body);
    }
    let response: Response;
    waiting += 1;
    try {
        response = await fetch(address(operation, params), request);
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw new ApiError(0, unreachable);
    } finally {
        waiting -= 1;
    }
    if (!response.ok) {
        const said = await detail(response);
        // Without a token the first word stays: that one signed out says more than that others must sign in.
        if (response.status === 401 && (token.peek() !== "" || refusal.peek() === "")) refusal.value = said.message;
        throw new ApiError(response.status, said);
    }
    if (refusal.peek() && !OPEN.has(operation)) refusal.value = "";
    return response;
}

const unreachable: ErrorDetail = {
    code: "server_unreachable",
    message: "clew does not answer",
    hint: "see whether the server still runs, then try again",
    request_id: "",
};

async function detail(response: Response): Promise<ErrorDetail> {
    try {
        const body = (await response.json()) as { error?: ErrorDetail };
        if (body.error) return body.error;
    } catch {
        // Not a body of this API: something in between answered.
    }
    if (response.status >= 502 && response.status <= 504)
        return { ...unreachable, hint: `${unreachable.hint}; what stands before it answered ${response.status}` };
    return {
        code: `http_${response.status}`,
        message: `the server answered ${response.status}`,
        request_id: response.headers.get("x-request-id") ?? "",
    };
}

/** Whether an error only says that the answer is no longer wanted. */
export function isAbort(error: unknown): boolean {
    return error instanceof DOMException && error.name === "AbortError";
}

/** Any error in the shape that the page shows. */
export function errorDetail(error: unknown): ErrorDetail {
    if (error instanceof ApiError) return error.detail;
    return { code: "page_error", message: error instanceof Error ? error.message : String(error), request_id: "" };
}
