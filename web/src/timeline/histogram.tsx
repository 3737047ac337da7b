// How much happened when, over everything that matches; a stretch that is drawn with the pointer becomes the window.
import { useState } from "preact/hooks";
import type { Bucket } from "../api/types";
import { formatCount, formatTime } from "../state/time";

interface Props {
    buckets: readonly Bucket[];
    onWindow: (from: string, to: string) => void;
}

const KINDS = ["event", "alert", "incident", "status", "automation"] as const;
const HEIGHT = 46;

/** A bucket with its place: buckets without items take no room, but show as a gap. */
export function columns(buckets: readonly Bucket[]): { bucket: Bucket; gap: boolean; total: number }[] {
    return buckets.map((bucket, index) => ({
        bucket,
        gap: index > 0 && buckets[index - 1]?.end !== bucket.start,
        total: Object.values(bucket.counts).reduce((sum, count) => sum + count, 0),
    }));
}

export function Histogram({ buckets, onWindow }: Props) {
    const [drag, setDrag] = useState<readonly [number, number]>();
    const all = columns(buckets);
    const most = Math.max(1, ...all.map((one) => one.total));
    const [low, high] = drag ? [Math.min(...drag), Math.max(...drag)] : [-1, -1];
    const finish = () => {
        const [first, last] = [all[low]?.bucket, all[high]?.bucket];
        setDrag(undefined);
        if (first && last) onWindow(first.start, last.end);
    };
    return (
        <div
            class="timeline-histogram"
            role="group"
            aria-label="How much happened when"
            onPointerUp={finish}
            onPointerLeave={() => setDrag(undefined)}
        >
            {all.map(({ bucket, gap, total }, index) => (
                <button
                    key={bucket.start}
                    type="button"
                    class={`timeline-histogram-column ${gap ? "gap" : ""} ${index >= low && index <= high ? "on" : ""}`}
                    aria-label={`${formatTime(bucket.start, "minute")}: ${formatCount(total)} items. Show only these`}
                    title={`${formatTime(bucket.start)} – ${formatTime(bucket.end)}\n${KINDS.filter((kind) => bucket.counts[kind])
                        .map((kind) => `${kind}: ${formatCount(bucket.counts[kind])}`)
                        .join(", ")}`}
                    onPointerDown={(event) => {
                        if (event.button === 0) setDrag([index, index]);
                        if (event.currentTarget.hasPointerCapture(event.pointerId))
                            event.currentTarget.releasePointerCapture(event.pointerId);
                    }}
                    onPointerEnter={() => drag && setDrag([drag[0], index])}
                    onKeyDown={(event) => {
                        if (event.key !== "Enter" && event.key !== " ") return;
                        event.preventDefault();
                        onWindow(bucket.start, bucket.end);
                    }}
                >
                    {KINDS.map((kind) => {
                        const count = bucket.counts[kind] ?? 0;
                        if (count === 0) return null;
                        const whole = Math.max(3, Math.sqrt(total / most) * HEIGHT);
                        return <i key={kind} class={`timeline-histogram-${kind}`} style={{ height: `${(whole * count) / total}px` }} />;
                    })}
                </button>
            ))}
        </div>
    );
}
