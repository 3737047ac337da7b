// Which columns a list shows: chosen by the person, kept in the browser; what finds no room is named, and can be scrolled to.
import type { Signal } from "@preact/signals";
import { stored } from "../state/stored";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import type { Column } from "../ui/table";

const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

/** Whether lists keep columns that do not fit and are scrolled sideways. */
export const wideLists = stored<boolean>("lists.wide", false, isFlag);

/** Columns that a person chose, by id. */
export function chosenOf<T>(name: string, columns: readonly Column<T>[], usual: readonly string[]): Signal<string[]> {
    const isIds = (value: unknown): value is string[] =>
        Array.isArray(value) && value.length > 0 && value.every((id) => columns.some((column) => column.id === id));
    return stored<string[]>(name, [...usual], isIds);
}

/** The columns that are chosen or never left out. */
export function shownColumns<T>(columns: readonly Column<T>[], chosen: Signal<string[]>): readonly Column<T>[] {
    return columns.filter((column) => column.fixed || chosen.value.includes(column.id));
}

interface Props<T> {
    columns: readonly Column<T>[];
    chosen: Signal<string[]>;
    usual: readonly string[];
    /** Ids of chosen columns for which there is no room. */
    left: readonly string[];
}

export function ColumnChoice<T>({ columns, chosen, usual, left }: Props<T>) {
    return (
        <Popover
            class="button quiet"
            right
            label={
                <>
                    <Icon name="columns" />
                    Columns
                    {left.length > 0 && (
                        <span class="tag small" data-plain>
                            {left.length} without room
                        </span>
                    )}
                </>
            }
        >
            {() => (
                <>
                    {columns.map((column) => (
                        <label key={column.id} class="menu-item">
                            <input
                                type="checkbox"
                                disabled={column.fixed ?? false}
                                checked={column.fixed || chosen.value.includes(column.id)}
                                onChange={(event) => {
                                    const others = chosen.value.filter((id) => id !== column.id);
                                    chosen.value = event.currentTarget.checked ? [...others, column.id] : others;
                                }}
                            />
                            <span class="grow">{column.label}</span>
                            {left.includes(column.id) && <span class="faint small">no room</span>}
                        </label>
                    ))}
                    <label class="menu-item menu-rule">
                        <input
                            type="checkbox"
                            checked={wideLists.value}
                            onChange={(event) => {
                                wideLists.value = event.currentTarget.checked;
                            }}
                        />
                        Keep all, scroll sideways
                    </label>
                    <button
                        type="button"
                        class="menu-item"
                        onClick={() => {
                            chosen.value = [...usual];
                        }}
                    >
                        Set to default
                    </button>
                </>
            )}
        </Popover>
    );
}
