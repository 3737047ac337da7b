// The bar that stands in for the filter while rows are ticked: how many, and what can be done with them.

import type { ComponentChildren } from "preact";
import { Needs } from "../access/needs";
import type { Rows } from "../state/rows";
import { formatCount } from "../state/time";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import type { Ticked } from "./ticks";

/** What the deeds on ticked rows are given: the question, its rows, and which of them are ticked. */
export interface BulkProps<Q, R> {
    query: Q;
    pages: Rows<R>;
    of: Ticked;
    onAll: () => void;
    onClear: () => void;
}

/** How many of something there are: `1 alert`, `1,204 alerts`. */
export const counted = (noun: string, count: number) => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

interface Props {
    /** `incident`: what the rows are. */
    noun: string;
    count: number;
    total: number | undefined;
    all: boolean;
    onAll: () => void;
    onClear: () => void;
    /** What changes them. */
    children: ComponentChildren;
    /** What only looks at them. */
    looks?: ComponentChildren;
}

export function BulkBar({ noun, count, total, all, onAll, onClear, children, looks }: Props) {
    const name = count === 1 ? noun : `${noun}s`;
    return (
        <div class="bulk-bar" role="toolbar" aria-label={`Actions on ${name}`}>
            <IconButton icon="close" label="Tick none" small onClick={onClear} />
            <strong class="number" role="status">
                {all ? "All " : ""}
                {formatCount(count)} {name}
            </strong>
            {!all && total !== undefined && total > count && (
                <button type="button" class="button quiet small" onClick={onAll}>
                    <Icon name="check" />
                    All {formatCount(total)} that fit
                </button>
            )}
            <span class="bulk-rule" />
            <Needs right="respond">{children}</Needs>
            {looks}
        </div>
    );
}

type Children = Parameters<typeof Popover>[0]["children"];

/** A button of the bar with choices under it. */
export function Choose({ label, children }: { label: string; children: Children }) {
    return (
        <Popover
            class="button quiet small"
            label={
                <>
                    {label}
                    <Icon name="down" />
                </>
            }
        >
            {children}
        </Popover>
    );
}

/** One of the choices. */
export function Item({ onClick, children }: { onClick: () => void; children: ComponentChildren }) {
    return (
        <button type="button" class="menu-item" onClick={onClick}>
            {children}
        </button>
    );
}

interface OneProps<V extends string> {
    label: string;
    values: readonly V[];
    show: (value: V) => ComponentChildren;
    onChoose: (value: V) => void;
    /** What stands above the values. */
    above?: (close: () => void) => ComponentChildren;
    /** Choices of another kind below. */
    children?: (close: () => void) => ComponentChildren;
}

/** A button with some values under it. */
export function ChooseOne<V extends string>({ label, values, show, onChoose, above, children }: OneProps<V>) {
    return (
        <Choose label={label}>
            {(close) => (
                <>
                    {above?.(close)}
                    {values.map((value) => (
                        <Item
                            key={value}
                            onClick={() => {
                                close();
                                onChoose(value);
                            }}
                        >
                            {show(value)}
                        </Item>
                    ))}
                    {children?.(close)}
                </>
            )}
        </Choose>
    );
}
