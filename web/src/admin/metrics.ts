// Reads counters in the text format of Prometheus.

export interface Sample {
    name: string;
    labels: Readonly<Record<string, string>>;
    value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a text; lines that are none are passed over. */
export function readMetrics(text: string): Sample[] {
    const samples: Sample[] = [];
    for (const line of text.split("\n")) {
        const match = line.startsWith("#") ? null : LINE.exec(line);
        const value = Number(match?.[3]);
        if (!match?.[1] || Number.isNaN(value)) continue;
        const labels: Record<string, string> = {};
        for (const [, name = "", written = ""] of (match[2] ?? "").matchAll(LABEL)) {
            labels[name] = written.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
        }
        samples.push({ name: match[1], labels, value });
    }
    return samples;
}

/** The sum of a counter over all its labels. */
export function totalOf(samples: readonly Sample[], name: string): number {
    return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}

export interface RequestLoad {
    route: string;
    requests: number;
    failed: number;
    /** Mean time of a request. */
    seconds: number;
}

/** How often each route was asked, busiest first. */
export function requestLoads(samples: readonly Sample[]): RequestLoad[] {
    const loads = new Map<string, RequestLoad>();
    const totals = new Map<string, number>();
    for (const { name, labels, value } of samples) {
        const route = labels.route;
        if (!route) continue;
        const load = loads.get(route) ?? { route, requests: 0, failed: 0, seconds: 0 };
        if (name === "clew_http_requests_total") {
            load.requests += value;
            if (Number(labels.status) >= 400) load.failed += value;
            loads.set(route, load);
        }
        if (name === "clew_http_request_seconds_sum") totals.set(route, (totals.get(route) ?? 0) + value);
    }
    for (const load of loads.values()) load.seconds = (totals.get(load.route) ?? 0) / Math.max(1, load.requests);
    return [...loads.values()].sort((a, b) => b.requests - a.requests || a.route.localeCompare(b.route));
}
