// The window that Ctrl+K opens: everything that can be done here by key, found by its words, and the search over all data.
import { useState } from "preact/hooks";
import { mayDo, whyNot } from "../access/rights";
import { href, navigate } from "../router/router";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { type KeyBinding, keyGroups, keyNames, keysHeard } from "../ui/keys";

interface Entry {
    readonly label: string;
    readonly group: string;
    readonly key: string;
    /** Why it cannot be done, if it cannot. */
    readonly refused: string;
    readonly run: () => void;
}

/** Bindings that mean something only where the keyboard is: rows, the palette itself. */
const IN_PLACE = /^(Arrow|Page|Home|End|Enter|Escape|Ctrl\+K|Shift\+Arrow|x$|\[$|\]$|[jk]$)/;

function entry(group: string, { label, keys, needs, run }: KeyBinding): Entry {
    return {
        label,
        group,
        key: [keys].flat()[0] ?? "",
        refused: needs && !mayDo(needs) ? whyNot(needs) : "",
        run: () => run(new KeyboardEvent("keydown")),
    };
}

/** Whether each word stands in the text, in any order. */
export function fits(text: string, words: string): boolean {
    const whole = text.toLowerCase();
    return words
        .toLowerCase()
        .split(/\s+/)
        .every((word) => whole.includes(word));
}

export function Palette({ onClose }: { onClose: () => void }) {
    // What the keys did before this window took them.
    const [all] = useState(() =>
        keysHeard(keyGroups.peek().filter((group) => !group.modal)).flatMap(({ title, bindings }) =>
            bindings.filter((one) => ![one.keys].flat().every((key) => IN_PLACE.test(key))).map((one) => entry(title, one)),
        ),
    );
    const [text, setText] = useState("");
    const [at, setAt] = useState(0);
    const words = text.trim();
    const found = all.filter((one) => fits(`${one.label} ${one.group}`, words));
    const search: Entry[] = words
        ? [
              {
                  label: `Search everything for "${words}"`,
                  group: "",
                  key: "",
                  refused: "",
                  run: () => navigate(href("/search", { q: words })),
              },
          ]
        : [];
    const entries = [...found, ...search];
    const place = Math.min(at, entries.length - 1);
    const choose = (one: Entry | undefined) => {
        if (!one || one.refused) return;
        onClose();
        // The window gives the keyboard back first.
        setTimeout(one.run);
    };
    const keys = (event: KeyboardEvent) => {
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step !== 0) {
            const next = (place + step + entries.length) % entries.length;
            setAt(next);
            document.getElementById(`palette-${next}`)?.scrollIntoView({ block: "nearest" });
        } else if (event.key === "Enter") choose(entries[place]);
        else return;
        event.preventDefault();
        event.stopPropagation();
    };
    return (
        <Dialog title="What to do" onClose={onClose}>
            <div class="palette">
                <input
                    class="field"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-activedescendant={entries.length > 0 ? `palette-${place}` : undefined}
                    aria-label="What to do, or what to search for"
                    placeholder="What to do, or what to search for"
                    autocomplete="off"
                    spellcheck={false}
                    value={text}
                    onInput={(event) => {
                        setText(event.currentTarget.value);
                        setAt(0);
                    }}
                    onKeyDown={keys}
                />
                <div class="palette-list" id="palette-list" role="listbox" aria-label="Deeds" tabIndex={-1}>
                    {entries.map((one, index) => (
                        <div
                            key={`${one.group} ${one.label}`}
                            id={`palette-${index}`}
                            role="option"
                            tabIndex={-1}
                            class={`menu-item ${one.refused ? "refused" : ""}`}
                            aria-selected={index === place}
                            aria-disabled={one.refused !== ""}
                            title={one.refused || undefined}
                            onPointerMove={() => setAt(index)}
                            onClick={() => choose(one)}
                            onKeyDown={keys}
                        >
                            {one.group === "" ? <Icon name="search" /> : null}
                            <span class="clip grow">{one.label}</span>
                            {one.group && <span class="faint small">{one.group}</span>}
                            {one.key && (
                                <span class="keymap-keys">
                                    {keyNames(one.key).map((key) => (
                                        <kbd key={key}>{key}</kbd>
                                    ))}
                                </span>
                            )}
                        </div>
                    ))}
                </div>
            </div>
        </Dialog>
    );
}
