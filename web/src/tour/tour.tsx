// Shows a newcomer around: one card, a few steps, each on the screen that it is about. It keeps off what it points at.
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAsk } from "../api/resource";
import { atQueue, incidentHref, navigate, place } from "../router/router";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { IconButton } from "../ui/parts";
import { type Corner, cornerBeside } from "./corner";
import { tourAsked, tourState } from "./seen";

interface Step {
    title: string;
    text: string;
    /** Where it is, seen from the gravest incident. */
    path: (incident: string) => string;
    /** What is ringed. */
    points: string;
    keys?: readonly string[];
}

const steps: readonly Step[] = [
    {
        title: "The queue",
        text: "Every incident, gravest first. The numbers above are filters, and so are the pills: together they are the query. Tick rows to work on many at once.",
        path: () => "/incidents",
        points: ".counters",
        keys: ["j", "k", "x"],
    },
    {
        title: "One incident",
        text: "Tactics, activity, the alerts that matter and whom they touch. Beside it is the work: status, owner, severity, tags. Every change can be taken back.",
        path: (incident) => incident,
        points: ".tactics",
        keys: ["a", "s", "c"],
    },
    {
        title: "The investigation graph",
        text: "The incident, its alerts, their entities. Rest on an entity, or press e: the questions that fit it, each with its number of results before you ask. Click a line: why the two are linked, down to file and line.",
        path: (incident) => `${incident}/graph`,
        points: ".graph-stage",
        keys: ["e", "u", "?"],
    },
    {
        title: "Graph and time are one",
        text: "Brush a stretch of time and the graph dims the rest; move the slider and see what was there by then; play the story step by step.",
        path: (incident) => `${incident}/graph`,
        points: ".parallel",
        keys: ["[", "]"],
    },
    {
        title: "Ask anything",
        text: "KQL, SQL and openCypher over tables, graph and text. The editor completes and checks while you type; results are tables, charts, timelines or graphs.",
        path: () =>
            `/query?${new URLSearchParams({ lang: "kql", text: "Alerts\n| summarize Alerts = count() by Severity, ProductName\n| render columnchart" })}`,
        points: ".query-editor",
        keys: ["Ctrl", "Enter"],
    },
    {
        title: "That is all",
        text: "The ? key lists what every key does on the screen where you are. The tour is there as well, should you want it again.",
        path: () => "/incidents",
        points: ".rail",
        keys: ["?"],
    },
];

export default function Tour() {
    const [at, setAt] = useState(0);
    const card = useRef<HTMLElement>(null);
    const next = useRef<HTMLButtonElement>(null);
    const gravest = useAsk("incidents", { limit: 1 });
    const incident = gravest.data?.value[0];
    const step = steps[at] as Step;
    const end = () => {
        tourState.value = "seen";
        tourAsked.value = false;
        // The card goes with what had the focus.
        document.getElementById("main")?.focus();
    };
    const go = (to: number) => {
        const shown = steps[to];
        if (!shown || !incident) return end();
        setAt(to);
        navigate(shown.path(incidentHref(incident)));
    };
    const corner = usePointing(card, incident ? step.points : "", `${at} ${place.value.path}`);
    const ready = incident !== undefined;
    useEffect(() => {
        if (!ready) return;
        // Asked for on another screen, it begins where its first step is. Enter goes on from there.
        if (!atQueue()) navigate("/incidents");
        next.current?.focus();
    }, [ready]);
    useKeys("Tour", [{ keys: "Escape", label: "End the tour", run: end }], ready, "over");
    // Without an incident there is nothing to be shown: an empty workspace says itself what to do.
    if (!incident) return null;
    const last = at === steps.length - 1;
    return (
        <aside class={`tour ${corner}`} aria-label="Tour" ref={card}>
            <div class="line">
                <h2 class="grow">{step.title}</h2>
                <IconButton icon="close" label="End the tour" small onClick={end} />
            </div>
            <p class="muted" aria-live="polite">
                {step.text}
            </p>
            <div class="line">
                <span class="tour-dots" role="img" aria-label={`Step ${at + 1} of ${steps.length}`}>
                    {steps.map((one, index) => (
                        <i key={one.title} class={index === at ? "on" : ""} />
                    ))}
                </span>
                {step.keys?.map((key) => (
                    <kbd key={key}>{key}</kbd>
                ))}
                <span class="grow" />
                {at > 0 && (
                    <button type="button" class="button small" onClick={() => go(at - 1)}>
                        Back
                    </button>
                )}
                <button type="button" class="button primary small" ref={next} onClick={() => (last ? end() : go(at + 1))}>
                    {last ? "Begin" : at === 0 ? "Show me around" : "Next"}
                    {!last && <Icon name="right" />}
                </button>
            </div>
        </aside>
    );
}

const LOOK_MS = 250;

/** Rings what a step points at, as soon as it is on the screen, and gives the corner in which the card covers the least of it. */
function usePointing(card: RefObject<HTMLElement | null>, points: string, key: string): Corner {
    const [corner, setCorner] = useState<Corner>("right bottom");
    useEffect(() => {
        if (!points) return;
        let ringed: Element | null = null;
        const look = () => {
            const found = document.querySelector(points);
            if (found !== ringed) {
                ringed?.classList.remove("tour-ring");
                found?.classList.add("tour-ring");
                ringed = found;
            }
            if (!found || !card.current) return;
            const size = { width: card.current.offsetWidth, height: card.current.offsetHeight };
            setCorner(cornerBeside(found.getBoundingClientRect(), size, { width: window.innerWidth, height: window.innerHeight }));
        };
        look();
        const timer = setInterval(look, LOOK_MS);
        return () => {
            clearInterval(timer);
            ringed?.classList.remove("tour-ring");
        };
    }, [points, key]);
    return corner;
}
