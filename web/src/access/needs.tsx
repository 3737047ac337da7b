// What a person may see but not use: controls whose change the server would refuse stand there disabled, and say why.
import type { ComponentChildren } from "preact";
import { mayDo, type Right, whyNot } from "./rights";

/** Controls that need a right. Without it none of them can be used; resting on them tells who could. */
export function Needs({ right, children }: { right: Right; children: ComponentChildren }) {
    if (mayDo(right)) return <>{children}</>;
    return (
        <fieldset class="needs" disabled title={whyNot(right)}>
            {children}
        </fieldset>
    );
}

/** A word beside what whoever looks cannot change. */
export function ReadOnly({ right }: { right: Right }) {
    if (mayDo(right)) return null;
    return (
        <span class="tag" title={whyNot(right)}>
            read only
        </span>
    );
}
