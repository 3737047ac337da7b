// The question behind any number: a right click on it opens its query; with the lens on, a click or Enter does.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { type Question, QuestionCard, questionOf } from "../ui/showquery";

/** Whether a click on a number asks for its query instead of what it does otherwise. */
const on = signal(false);

interface Shown {
    question: Question;
    x: number;
    y: number;
    /** What had the focus before. */
    from: Element | null;
}

const EDGE = 8;

/** The element with a question that an event means: under the pointer; or, by keyboard, inside what has the focus. */
function meant(event: MouseEvent): Element | undefined {
    if (!(event.target instanceof Element)) return undefined;
    const own = event.target.closest("[data-question]");
    if (own) return own;
    return event.target.closest("button, a")?.querySelector("[data-question]") ?? undefined;
}

/** Opens questions behind numbers wherever they stand. */
export function Lens() {
    const [shown, setShown] = useState<Shown>();
    useKeys("Numbers", [{ keys: "Q", label: "Numbers open their queries, or not", run: toggle }]);
    useEffect(() => {
        document.documentElement.classList.toggle("asking", on.value);
    }, [on.value]);
    useEffect(() => {
        const open = (event: MouseEvent) => {
            const element = event.type === "contextmenu" || on.peek() ? meant(event) : undefined;
            const question = element && questionOf(element);
            if (!element || !question) return;
            event.preventDefault();
            event.stopPropagation();
            const box = element.getBoundingClientRect();
            setShown({ question, x: box.left, y: box.bottom + 6, from: document.activeElement });
        };
        document.addEventListener("click", open, true);
        document.addEventListener("contextmenu", open, true);
        return () => {
            document.removeEventListener("click", open, true);
            document.removeEventListener("contextmenu", open, true);
        };
    }, []);
    if (!shown) return null;
    const close = () => {
        setShown(undefined);
        if (shown.from instanceof HTMLElement) shown.from.focus();
    };
    return <Card key={`${shown.x} ${shown.y} ${shown.question.text}`} {...shown} close={close} />;
}

function Card({ question, x, y, close }: Shown & { close: () => void }) {
    const box = useRef<HTMLDivElement>(null);
    const leave = useRef(close);
    leave.current = close;
    useLayoutEffect(() => {
        const card = box.current;
        if (!card) return;
        const { width, height } = card.getBoundingClientRect();
        card.style.left = `${Math.max(EDGE, Math.min(x, window.innerWidth - width - EDGE))}px`;
        card.style.top = `${Math.max(EDGE, Math.min(y, window.innerHeight - height - EDGE))}px`;
        card.querySelector("pre")?.focus();
        const outside = (event: Event) => {
            if (event.target instanceof Node && !card.contains(event.target)) leave.current();
        };
        document.addEventListener("pointerdown", outside);
        return () => document.removeEventListener("pointerdown", outside);
    }, [x, y]);
    return (
        <div
            class="popover"
            role="dialog"
            aria-label={`Query: ${question.of}`}
            ref={box}
            onKeyDown={(event) => {
                if (event.key !== "Escape") return;
                event.stopPropagation();
                event.preventDefault();
                close();
            }}
        >
            <div class="menu-title">{question.of}</div>
            <QuestionCard question={question} close={close} />
        </div>
    );
}

function toggle(): void {
    on.value = !on.value;
}

/** Switches the lens. */
export function LensButton() {
    return (
        <button
            type="button"
            class={`button quiet icon ${on.value ? "active" : ""}`}
            aria-pressed={on.value}
            aria-label="Show the query of every number"
            title="Show the query of every number (Q). A right click on a number does so, too."
            onClick={toggle}
        >
            <Icon name="query" />
        </button>
    );
}
