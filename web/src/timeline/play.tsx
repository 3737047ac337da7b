// Plays what happened: the chosen instant moves from moment to moment.
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { nextMoment } from "./model";

/** A whole story takes about this long, and one moment no longer than the second. */
const STORY_MS = 14_000;
const MOMENT_MS_MAX = 700;
const MOMENT_MS_MIN = 60;

export function Player({
    moments,
    at,
    onAt,
}: {
    moments: readonly number[];
    at: number | undefined;
    onAt: (time: number | undefined) => void;
}) {
    const [playing, setPlaying] = useState(false);
    const now = useRef({ moments, at, onAt });
    now.current = { moments, at, onAt };
    useEffect(() => {
        if (!playing) return;
        const every = Math.max(MOMENT_MS_MIN, Math.min(MOMENT_MS_MAX, STORY_MS / Math.max(1, now.current.moments.length)));
        // Of very many moments some are passed over, so that the story does not take minutes.
        const stride = Math.max(1, Math.ceil((now.current.moments.length * every) / STORY_MS));
        const timer = setInterval(() => {
            const { moments, at, onAt } = now.current;
            let next = at;
            for (let index = 0; index < stride; index += 1) {
                const one = nextMoment(moments, next, true);
                if (one === undefined) {
                    next = undefined;
                    break;
                }
                next = one;
            }
            onAt(next);
            if (next === undefined) setPlaying(false);
        }, every);
        return () => clearInterval(timer);
    }, [playing]);
    return (
        <button
            type="button"
            class="button quiet small"
            aria-pressed={playing}
            disabled={moments.length === 0}
            onClick={() => {
                if (!playing && at === undefined) onAt(moments[0]);
                setPlaying(!playing);
            }}
        >
            <Icon name={playing ? "minus" : "play"} />
            {playing ? "Pause" : "Play"}
        </button>
    );
}
