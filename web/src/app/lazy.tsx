// Components that are loaded when they are first shown, to keep the first load small.
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, Loading } from "../ui/states";

/** A component that `load` brings. Until it is there, bars stand in its place. */
export function lazy<P extends object>(
    load: () => Promise<ComponentType<P>>,
    waiting: ComponentChildren = <Loading label="Loading the screen" />,
): ComponentType<P> {
    let loaded: ComponentType<P> | undefined;
    return function Lazy(props: P) {
        const [, setVersion] = useState(0);
        const [error, setError] = useState<unknown>();
        useEffect(() => {
            if (loaded) return;
            load().then(
                (component) => {
                    loaded = component;
                    setVersion((count) => count + 1);
                },
                (reason) => setError(reason),
            );
        }, []);
        if (loaded) {
            const Component = loaded;
            return <Component {...props} />;
        }
        // Another version of clew may have come with other parts: only the whole page anew finds them.
        return <>{error ? <Failure error={error} retry={() => window.location.reload()} /> : waiting}</>;
    };
}
