// A short table: heads and cells, nothing to be scrolled or sorted.
import { type ComponentChildren, Fragment } from "preact";

interface Props {
    /** Heads; `>` in front sets a column to the right, and one without a name holds buttons. */
    columns: readonly string[];
    rows: readonly (readonly ComponentChildren[])[];
    /** What lies open below a row, if anything does. */
    below?: (index: number) => ComponentChildren;
    /** Said where there is no row. */
    empty: string;
}

export function SimpleTable({ columns, rows, below, empty }: Props) {
    const right = columns.map((name) => name.startsWith(">"));
    return (
        <table class="plain-table">
            <thead>
                <tr>
                    {columns.map((name, at) => (
                        <th key={name} scope="col" class={right[at] ? "right" : ""}>
                            {name.replace(/^>/, "").trim() || <span class="hidden-visually">Actions</span>}
                        </th>
                    ))}
                </tr>
            </thead>
            <tbody>
                {rows.map((cells, index) => {
                    const open = below?.(index);
                    return (
                        <Fragment key={index}>
                            <tr>
                                {cells.map((cell, at) => (
                                    <td key={at} class={right[at] ? "right number" : ""}>
                                        {cell}
                                    </td>
                                ))}
                            </tr>
                            {open && (
                                <tr>
                                    <td colSpan={columns.length}>{open}</td>
                                </tr>
                            )}
                        </Fragment>
                    );
                })}
                {rows.length === 0 && empty && (
                    <tr>
                        <td colSpan={columns.length} class="muted">
                            {empty}
                        </td>
                    </tr>
                )}
            </tbody>
        </table>
    );
}
