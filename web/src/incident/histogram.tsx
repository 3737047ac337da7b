// Bars of what happened when, stacked by kind.
import type { Bucket } from "../api/types";
import { formatCount, formatTime } from "../state/time";
import { kindLabel } from "../ui/kinds";

const order = ["incident", "status", "alert", "event"];
const HEIGHT = 72;

/** Height of a bar: a root keeps single alerts visible beside thousands of events. */
export function barHeight(count: number, most: number): number {
    return count === 0 ? 0 : Math.max(3, (Math.sqrt(count) / Math.sqrt(Math.max(1, most))) * HEIGHT);
}

/** Buckets without gaps: the API leaves empty ones out. */
export function withEmpty(buckets: readonly Bucket[]): Bucket[] {
    const [first] = buckets;
    const last = buckets[buckets.length - 1];
    if (!first || !last) return [];
    const begin = Date.parse(first.start);
    const width = Math.min(...buckets.map((bucket) => Date.parse(bucket.end) - Date.parse(bucket.start)).filter((span) => span > 0));
    if (!Number.isFinite(width)) return [...buckets];
    const slots = Math.min(SLOTS_MAX, Math.round((Date.parse(last.start) - begin) / width) + 1);
    const found = Array.from({ length: slots }, (_, slot): Bucket => {
        const at = begin + slot * width;
        return { start: new Date(at).toISOString(), end: new Date(at + width).toISOString(), counts: {} };
    });
    for (const bucket of buckets) {
        const slot = Math.round((Date.parse(bucket.start) - begin) / width);
        if (slot >= 0 && slot < slots) found[slot] = bucket;
    }
    return found;
}

/** The most buckets that the API gives. */
const SLOTS_MAX = 1000;

const total = (bucket: Bucket) => Object.values(bucket.counts).reduce((sum, count) => sum + count, 0);

export function Histogram({ buckets: given, loading }: { buckets: readonly Bucket[]; loading: boolean }) {
    const buckets = withEmpty(given);
    const most = Math.max(1, ...buckets.map(total));
    if (buckets.length === 0)
        return <div class="histogram">{loading ? <i class="skeleton" /> : <p class="faint">Nothing has a time.</p>}</div>;
    const says = buckets.filter((bucket) => total(bucket) > 0).length;
    return (
        <div
            class="histogram"
            role="img"
            aria-label={`${formatCount(says)} of ${formatCount(buckets.length)} spans of time hold activity, ${formatCount(most)} items at the most`}
        >
            {buckets.map((bucket) => {
                const all = total(bucket);
                const height = barHeight(all, most);
                const words = order
                    .filter((kind) => bucket.counts[kind])
                    .map((kind) => `${formatCount(bucket.counts[kind])} ${kindLabel(kind).toLowerCase()}`);
                return (
                    <span key={bucket.start} class="histogram-bar" title={all ? `${formatTime(bucket.start)}: ${words.join(", ")}` : ""}>
                        {order.map((kind) => {
                            const part = bucket.counts[kind] ?? 0;
                            return part > 0 ? (
                                <i key={kind} class={`mark-${kind}`} style={{ height: `${Math.max(2, (height * part) / all)}px` }} />
                            ) : null;
                        })}
                    </span>
                );
            })}
        </div>
    );
}
