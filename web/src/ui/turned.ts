// Signs that turn the order of letters round and are not seen themselves. Names are disguised with them: what reads "exe.png" runs as
// "gnp.exe". Every text of the page, whichever component makes it, shows them by their numbers.
import { type ComponentChildren, Fragment, options, type VNode } from "preact";

const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** The text with every such sign written out: `[U+202E]gnp.exe`. */
export function unturned(text: string): string {
    return text.replace(TURNING, (sign) => `[U+${sign.charCodeAt(0).toString(16).toUpperCase()}]`);
}

function shown(children: ComponentChildren): ComponentChildren {
    if (typeof children === "string") return unturned(children);
    return Array.isArray(children) ? children.map(shown) : children;
}

/** From now on texts and tooltips are made so. */
export function showTurningSigns(): void {
    const before = options.vnode;
    options.vnode = (vnode: VNode) => {
        if (typeof vnode.type === "string" || vnode.type === Fragment) {
            const props = vnode.props as { children?: ComponentChildren; title?: unknown };
            if (props.children !== undefined) props.children = shown(props.children);
            if (typeof props.title === "string") props.title = unturned(props.title);
        }
        before?.(vnode);
    };
}
