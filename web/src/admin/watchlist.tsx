// The items of a watchlist: shown, taken in from a CSV, removed.

import { useRef } from "preact/hooks";
import { Needs } from "../access/needs";
import { askNamed, errorDetail, offered } from "../api/client";
import { useLoad } from "../api/resource";
import { refresh, seq } from "../app/live";
import { href } from "../router/router";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import type { Definition } from "./definitions";
import { SimpleTable } from "./table";

interface Item {
    id: string;
    key: string;
    fields: Record<string, unknown>;
}

function readItems(answer: unknown): { items: Item[]; total: number } {
    const all = (answer ?? {}) as { value?: unknown; total?: unknown };
    const items = (Array.isArray(all.value) ? all.value : []).map((one: Record<string, unknown>): Item => {
        const fields = one.fields && typeof one.fields === "object" ? (one.fields as Record<string, unknown>) : {};
        return { id: String(one.item ?? one.id ?? ""), key: String(one.key ?? ""), fields };
    });
    return { items, total: typeof all.total === "number" ? all.total : items.length };
}

/** Sends a CSV; its first line names the columns. */
async function takeIn(id: string, file: File): Promise<unknown> {
    return askNamed("import_watchlist", { id }, { body: { csv: await file.text(), source: file.name } });
}

const SHOWN = 200;

export function WatchlistItems({ list }: { list: Definition }) {
    const items = useLoad(
        async (signal) => readItems(await askNamed("watchlist_items", { id: list.id, limit: SHOWN }, { signal })),
        `watchlist ${list.id}`,
        seq.value,
    );
    const field = useRef<HTMLInputElement>(null);
    const done = async (deed: Promise<unknown>, text: string) => {
        try {
            await deed;
            toast(text);
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        items.reload();
        refresh();
    };
    const columns = Array.isArray(list.columns) ? list.columns.map(String) : [];
    return (
        <section aria-label="Items">
            <div class="line">
                <h3 class="grow">Items</h3>
                <a class="button small" href={href("/query", { lang: "kql", text: `_GetWatchlist('${list.id}')` })}>
                    <Icon name="query" />
                    Query
                </a>
                {offered("import_watchlist") && (
                    <Needs right="contribute">
                        <input
                            ref={field}
                            type="file"
                            accept=".csv,text/csv"
                            class="hidden-visually"
                            aria-label="CSV of items"
                            onChange={(event) => {
                                const [file] = event.currentTarget.files ?? [];
                                if (file) void done(takeIn(list.id, file), `${file.name} taken in`);
                            }}
                        />
                        <button type="button" class="button small" onClick={() => field.current?.click()}>
                            <Icon name="plus" />
                            CSV
                        </button>
                    </Needs>
                )}
            </div>
            <Loaded of={items} rows={3}>
                {(data) => {
                    const shown = columns.length > 0 ? columns : [...new Set(data.items.flatMap((item) => Object.keys(item.fields)))];
                    return (
                        <div class="results-table">
                            <SimpleTable
                                columns={[...shown, ""]}
                                rows={data.items.map((item) => [
                                    ...shown.map((name) => String(item.fields[name] ?? "")),
                                    <Needs key="r" right="contribute">
                                        <IconButton
                                            icon="close"
                                            small
                                            label={`Remove ${item.key}`}
                                            onClick={() =>
                                                void done(
                                                    askNamed("delete_watchlist_item", { id: list.id, item: item.id }),
                                                    `${item.key} removed`,
                                                )
                                            }
                                        />
                                    </Needs>,
                                ])}
                                empty="No item yet: take a CSV in."
                            />
                            {data.total > data.items.length && <p class="faint small">The first of {formatCount(data.total)}.</p>}
                        </div>
                    );
                }}
            </Loaded>
        </section>
    );
}
