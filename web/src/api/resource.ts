// Hooks that keep an answer of the API in a component: asked again when its parameters change, never out of order.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Answer, ask, isAbort, type Operation, type Params } from "./client";

/** What a component knows of an answer. While it is asked again, the last answer stays. */
export interface Resource<T> {
    data: T | undefined;
    error: unknown;
    loading: boolean;
    reload: () => void;
}

/** Asks `operation` whenever `params` change (by value); `null` asks nothing. `version` asks again when it changes. */
export function useAsk<O extends Operation>(operation: O, params: Params<O> | null, version: number | string = 0): Resource<Answer<O>> {
    const key = params === null ? null : JSON.stringify(params);
    const load = useCallback((signal: AbortSignal) => ask(operation, JSON.parse(key ?? "{}") as Params<O>, { signal }), [operation, key]);
    return useLoad(key === null ? null : load, `${operation} ${key}`, version);
}

interface State<T> {
    key: string;
    data: T | undefined;
    error: unknown;
    loading: boolean;
}

/** Runs `load` whenever `key` or `version` change. An answer to an older key is dropped; a new key forgets the old data. */
export function useLoad<T>(load: ((signal: AbortSignal) => Promise<T>) | null, key: string, version: number | string = 0): Resource<T> {
    const [state, setState] = useState<State<T>>({ key, data: undefined, error: undefined, loading: load !== null });
    const [again, setAgain] = useState(0);
    const current = useRef(load);
    current.current = load;
    useEffect(() => {
        const run = current.current;
        if (!run) return;
        const controller = new AbortController();
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, error: undefined, loading: true }));
        run(controller.signal).then(
            (data) => !controller.signal.aborted && setState({ key, data, error: undefined, loading: false }),
            (error) => {
                if (isAbort(error) || controller.signal.aborted) return;
                setState((before) => ({ key, data: before.key === key ? before.data : undefined, error, loading: false }));
            },
        );
        return () => controller.abort();
    }, [key, version, again, load === null]);
    const fresh = state.key === key;
    return {
        data: fresh ? state.data : undefined,
        error: fresh ? state.error : undefined,
        loading: load !== null && (!fresh || state.loading),
        reload: useCallback(() => setAgain((count) => count + 1), []),
    };
}
