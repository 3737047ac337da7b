// Chooses one incident: by number, words of its title, or from those that changed last.
import { useState } from "preact/hooks";
import { ask } from "../api/client";
import { useLoad } from "../api/resource";
import { Icon } from "../ui/icons";
import { Severity, Status } from "../ui/parts";
import { Loaded } from "../ui/states";

/** What a choice says of an incident. */
export interface Choice {
    id: string;
    number: number | null;
    title: string;
    severity: string;
    status: string;
}

const CHOICES = 12;

async function choices(text: string, without: readonly string[], signal: AbortSignal): Promise<Choice[]> {
    const words = text.trim();
    const limit = CHOICES + without.length;
    const found: Choice[] = words
        ? (
              await ask(
                  "search",
                  { q: /^\d+$/.test(words) ? `number:${words}` : words, kind: ["incident"], limit, highlight: false },
                  { signal },
              )
          ).hits.map((hit) => ({
              id: hit.id,
              number: hit.number ?? null,
              title: hit.title,
              severity: hit.severity ?? "Unknown",
              status: hit.status ?? "Unknown",
          }))
        : (await ask("incidents", { sort: "modified", limit }, { signal })).value.map((row) => ({ ...row, number: row.number ?? null }));
    return found.filter((one) => !without.includes(one.id)).slice(0, CHOICES);
}

interface Props {
    chosen: string;
    /** Incidents that cannot be chosen. */
    without: readonly string[];
    onChoose: (choice: Choice) => void;
}

export function IncidentPicker({ chosen, without, onChoose }: Props) {
    const [text, setText] = useState("");
    const found = useLoad((signal) => choices(text, without, signal), `picker ${text} ${without.join(" ")}`);
    return (
        <div class="picker">
            <div class="filter-search wide">
                <Icon name="search" />
                <input
                    type="search"
                    value={text}
                    placeholder="Number, or words of the title"
                    aria-label="Find an incident"
                    spellcheck={false}
                    autocomplete="off"
                    onInput={(event) => setText(event.currentTarget.value)}
                />
            </div>
            <Loaded of={found} rows={4}>
                {(rows) => <ChoiceList rows={rows} chosen={chosen} onChoose={onChoose} />}
            </Loaded>
        </div>
    );
}

/** Incidents of which one is chosen. */
export function ChoiceList({ rows, chosen, onChoose }: { rows: readonly Choice[]; chosen: string; onChoose: (choice: Choice) => void }) {
    if (rows.length === 0) return <p class="muted">No incident fits.</p>;
    return (
        <div class="picker-list" role="radiogroup" aria-label="Incidents">
            {rows.map((row) => (
                <label key={row.id} class="menu-item">
                    <input type="radio" name="incident" checked={row.id === chosen} onChange={() => onChoose(row)} />
                    <Severity name={row.severity} compact />
                    <span class="faint number">{row.number ?? ""}</span>
                    <span class="grow clip" title={row.title}>
                        {row.title}
                    </span>
                    <Status name={row.status} />
                </label>
            ))}
        </div>
    );
}
