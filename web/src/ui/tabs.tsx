// Tabs that are places: each has an address, so that a link opens the same one.
import { useLayoutEffect, useRef } from "preact/hooks";
import { navigate } from "../router/router";
import { formatCount } from "../state/time";
import { asked, type Question } from "./showquery";

export interface Tab {
    id: string;
    label: string;
    href: string;
    count?: number | undefined;
    /** What counts it. */
    question?: Question | undefined;
}

/** What of the next tab shows, so that one sees that there is one. */
const AROUND_PX = 32;

export function Tabs({ label, tabs, current }: { label: string; tabs: readonly Tab[]; current: string }) {
    const box = useRef<HTMLDivElement>(null);
    // Where not all have room, the current one is in sight. Only this row moves for it.
    useLayoutEffect(() => {
        const row = box.current;
        const tab = row?.querySelector<HTMLElement>("[aria-selected=true]");
        if (!row || !tab) return;
        const [left, right] = [tab.offsetLeft, tab.offsetLeft + tab.offsetWidth];
        if (left < row.scrollLeft) row.scrollLeft = left - AROUND_PX;
        else if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth + AROUND_PX;
    }, [current]);
    const move = (event: KeyboardEvent) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (step === 0) return;
        event.preventDefault();
        const at = tabs.findIndex((tab) => tab.id === current);
        const next = (at + step + tabs.length) % tabs.length;
        const tab = tabs[next];
        if (!tab) return;
        navigate(tab.href);
        box.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
    };
    return (
        <div class="tabs" role="tablist" aria-label={label} ref={box} onKeyDown={move}>
            {tabs.map((tab) => (
                <a
                    key={tab.id}
                    class="tab"
                    role="tab"
                    id={`tab-${tab.id}`}
                    href={tab.href}
                    aria-selected={tab.id === current}
                    aria-controls="tab-panel"
                    tabIndex={tab.id === current ? 0 : -1}
                >
                    {tab.label}
                    {tab.count !== undefined && (
                        <span class="count" {...(tab.question ? asked(tab.question) : {})}>
                            {formatCount(tab.count)}
                        </span>
                    )}
                </a>
            ))}
        </div>
    );
}
