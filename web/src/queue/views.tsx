// Views that the person named: an address kept in the browser.
import { useState } from "preact/hooks";
import { navigate, place } from "../router/router";
import { stored } from "../state/stored";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toast";

interface View {
    name: string;
    search: string;
}

const isViews = (value: unknown): value is View[] =>
    Array.isArray(value) && value.every((view) => typeof view?.name === "string" && typeof view?.search === "string");

const built: readonly View[] = [
    { name: "All incidents", search: "" },
    { name: "Open", search: "status=open" },
    { name: "Open, nobody's", search: "status=open&owner=unassigned" },
    { name: "Grave and open", search: "status=open&severity=Critical&severity=High" },
    { name: "Newest first", search: "sort=created" },
];

const own = stored<View[]>("queue.views", [], isViews);

/** The present query without what is only looked at. */
function presentSearch(): string {
    const params = new URLSearchParams(place.value.params);
    params.delete("sel");
    return params.toString();
}

const sameQuery = (a: string, b: string) => [...new URLSearchParams(a)].sort().join("\n") === [...new URLSearchParams(b)].sort().join("\n");

export function Views() {
    const [name, setName] = useState("");
    const present = presentSearch();
    const all = [...built, ...own.value];
    const current = all.find((view) => sameQuery(view.search, present));
    const go = (view: View) => navigate(view.search ? `/incidents?${view.search}` : "/incidents");
    const remove = (view: View) => {
        const before = own.value;
        own.value = before.filter((one) => one !== view);
        toast(`View "${view.name}" removed`, {
            action: {
                label: "Undo",
                run: () => {
                    own.value = before;
                },
            },
        });
    };
    return (
        <Popover
            class="button quiet view-button"
            label={
                <>
                    <span class="clip">{current?.name ?? "Own query"}</span>
                    <Icon name="down" />
                </>
            }
        >
            {(close) => (
                <>
                    {all.map((view) => (
                        <div key={view.name + view.search} class="view-line">
                            <button
                                type="button"
                                class="menu-item"
                                onClick={() => {
                                    go(view);
                                    close();
                                }}
                            >
                                <span class="grow clip">{view.name}</span>
                                {view === current && <Icon name="check" />}
                            </button>
                            {!built.includes(view) && (
                                <button
                                    type="button"
                                    class="button quiet icon small"
                                    aria-label={`Remove the view ${view.name}`}
                                    onClick={() => remove(view)}
                                >
                                    <Icon name="close" />
                                </button>
                            )}
                        </div>
                    ))}
                    {!current && (
                        <form
                            class="typed"
                            onSubmit={(event) => {
                                event.preventDefault();
                                if (!name.trim()) return;
                                own.value = [
                                    ...own.value.filter((view) => view.name !== name.trim()),
                                    { name: name.trim(), search: present },
                                ];
                                setName("");
                                close();
                            }}
                        >
                            <input
                                class="field"
                                aria-label="Name of the view"
                                placeholder="Keep this query as..."
                                value={name}
                                onInput={(event) => setName(event.currentTarget.value)}
                            />
                            <button type="submit" class="button">
                                Keep
                            </button>
                        </form>
                    )}
                </>
            )}
        </Popover>
    );
}
