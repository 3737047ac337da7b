// Windows over the page and lists under a button. Escape closes them; the focus stays inside and returns afterwards.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useModalKeys } from "./keys";
import { IconButton } from "./parts";

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex]:not([tabindex="-1"])';

/** A window over the page. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const box = useRef<HTMLDivElement>(null);
    useModalKeys(title);
    useLayoutEffect(() => {
        const before = document.activeElement;
        const first =
            box.current?.querySelector<HTMLElement>("[autofocus], input:checked") ??
            box.current?.querySelector<HTMLElement>("input, textarea") ??
            box.current?.querySelector<HTMLElement>(FOCUSABLE);
        first?.focus();
        return () => {
            if (before instanceof HTMLElement) before.focus();
        };
    }, []);
    const keep = (event: KeyboardEvent) => {
        if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            onClose();
        }
        if (event.key !== "Tab" || !box.current) return;
        const all = [...box.current.querySelectorAll<HTMLElement>(FOCUSABLE)];
        const [first, last] = [all[0], all[all.length - 1]];
        if (event.shiftKey && document.activeElement === first) {
            event.preventDefault();
            last?.focus();
        } else if (!event.shiftKey && document.activeElement === last) {
            event.preventDefault();
            first?.focus();
        }
    };
    return (
        <div class="scrim" role="presentation" onClick={(event) => event.target === event.currentTarget && onClose()} onKeyDown={keep}>
            <div class="dialog" role="dialog" aria-modal="true" aria-label={title} ref={box}>
                <div class="dialog-head">
                    <h2 class="grow">{title}</h2>
                    <IconButton icon="close" label="Close" onClick={onClose} />
                </div>
                <div class="dialog-body">{children}</div>
            </div>
        </div>
    );
}

const GAP = 6;
const EDGE = 8;

/** Lays a list under its button, or over it where there is more room; never beyond the window, whatever clips the button. */
function lay(list: HTMLElement, button: DOMRect, right: boolean): void {
    const { innerWidth, innerHeight } = window;
    const below = innerHeight - button.bottom - GAP - EDGE;
    const above = button.top - GAP - EDGE;
    list.style.maxHeight = `${Math.max(120, Math.min(0.7 * innerHeight, Math.max(below, above)))}px`;
    const { width, height } = list.getBoundingClientRect();
    const left = right ? button.right - width : button.left;
    list.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    list.style.top = `${height <= below || below >= above ? button.bottom + GAP : button.top - GAP - height}px`;
}

interface PopoverProps {
    label: ComponentChildren;
    /** Accessible name, where the label is only an icon. */
    name?: string;
    class?: string;
    right?: boolean;
    children: (close: () => void) => ComponentChildren;
}

/** A button that opens a list under itself. */
export function Popover({ label, name, class: style = "button", right = false, children }: PopoverProps) {
    const [open, setOpen] = useState(false);
    const anchor = useRef<HTMLSpanElement>(null);
    const button = useRef<HTMLButtonElement>(null);
    const list = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        if (!open || !list.current || !button.current) return;
        const place = () => list.current && button.current && lay(list.current, button.current.getBoundingClientRect(), right);
        place();
        // What is loaded into the list changes its size.
        const observer = new ResizeObserver(place);
        observer.observe(list.current);
        return () => observer.disconnect();
    }, [open, right]);
    useLayoutEffect(() => {
        if (!open) return;
        const outside = (event: Event) => {
            if (event.target instanceof Node && !anchor.current?.contains(event.target)) setOpen(false);
        };
        document.addEventListener("pointerdown", outside);
        document.addEventListener("focusin", outside);
        anchor.current?.querySelector<HTMLElement>(`.popover :is(${FOCUSABLE})`)?.focus();
        return () => {
            document.removeEventListener("pointerdown", outside);
            document.removeEventListener("focusin", outside);
        };
    }, [open]);
    const close = () => {
        setOpen(false);
        button.current?.focus();
    };
    const move = (event: KeyboardEvent) => {
        if (!open) return;
        if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            close();
        }
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step === 0) return;
        const items = [...(anchor.current?.querySelectorAll<HTMLElement>(`.popover :is(${FOCUSABLE})`) ?? [])];
        const at = items.indexOf(document.activeElement as HTMLElement);
        items[(at + step + items.length) % items.length]?.focus();
        event.preventDefault();
    };
    return (
        <span class="popover-anchor" ref={anchor} onKeyDown={move}>
            <button
                type="button"
                class={style}
                ref={button}
                aria-expanded={open}
                aria-haspopup="true"
                {...(name ? { "aria-label": name, title: name } : {})}
                onClick={() => setOpen(!open)}
            >
                {label}
            </button>
            {open && (
                <div class="popover" ref={list}>
                    {children(close)}
                </div>
            )}
        </span>
    );
}
