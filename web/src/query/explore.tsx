// A question of the library, asked of an entity that the person names.
import { useState } from "preact/hooks";
import { useAsk } from "../api/resource";
import { param, setParams } from "../router/router";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { Loaded } from "../ui/states";
import { Result } from "./result";
import { SideButton } from "./side";

export function Exploration({ name }: { name: string }) {
    const entity = param("entity");
    const all = useAsk("explorations", {});
    const question = all.data?.value.find((one) => one.name === name);
    const [began] = useState(() => performance.now());
    const answer = useAsk("explore", entity ? { entity, query: name, limit: 1000 } : null);
    return (
        <div class="exploration">
            <div class="exploration-head">
                <div class="grow">
                    <h2>{question?.title ?? name}</h2>
                    <p class="muted">{question?.question}</p>
                </div>
                <SideButton />
                <IconButton icon="close" label="Back to the editor" onClick={() => setParams({ explore: null, entity: null })} />
            </div>
            <form
                class="exploration-form"
                onSubmit={(event) => {
                    event.preventDefault();
                    setParams({ entity: String(new FormData(event.currentTarget).get("entity") ?? "").trim() });
                }}
            >
                <label>
                    <span class="faint">Of which entity?</span>
                    <input
                        class="field"
                        name="entity"
                        defaultValue={entity}
                        placeholder={question && question.input !== "any" ? `${question.input}:...` : "host:ws6"}
                        autocomplete="off"
                        spellcheck={false}
                    />
                </label>
                <button type="submit" class="button primary">
                    <Icon name="play" />
                    Ask
                </button>
            </form>
            {entity && (
                <Loaded of={answer}>
                    {(data) => (
                        <>
                            <details>
                                <summary class="muted">Show query</summary>
                                <pre class="json">{data.text}</pre>
                            </details>
                            <Result
                                key={entity}
                                table={data.table}
                                query={data.text}
                                milliseconds={performance.now() - began}
                                onMore={undefined}
                            />
                        </>
                    )}
                </Loaded>
            )}
        </div>
    );
}
