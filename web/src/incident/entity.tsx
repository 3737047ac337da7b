// The screen of one entity: the entity pane's parts side by side.
import { useAsk } from "../api/resource";
import { seq } from "../app/live";
import { useTitle } from "../router/title";
import { kindLabel } from "../ui/kinds";
import { KindGlyph } from "../ui/parts";
import { Empty, Loaded, Missing } from "../ui/states";
import { EntityActions, EntityInfo, EntityTimeline } from "./entitypane";
import { Insights } from "./insights";
import { Questions } from "./questions";

export function EntityScreen({ reference }: { reference: string }) {
    const entity = useAsk("entity", reference ? { entity: reference } : null, seq.value);
    useTitle(entity.data ? `${entity.data.label} · ${kindLabel(entity.data.kind)}` : "Entity");
    if (!reference) {
        return (
            <Empty
                title="Which entity?"
                actions={
                    <a class="button" href="/search">
                        Search
                    </a>
                }
            >
                An entity has an address like /entities/host:ws6.
            </Empty>
        );
    }
    return (
        <div class="screen">
            {entity.error && !entity.data ? (
                <Missing error={entity.error} retry={entity.reload} words={reference.slice(reference.indexOf(":") + 1)} />
            ) : (
                <Loaded of={entity}>
                    {(data) => (
                        <>
                            <header class="incident-head">
                                <div class="line incident-title">
                                    <KindGlyph kind={data.kind} />
                                    <h1 class="clip" title={data.id}>
                                        {data.label}
                                    </h1>
                                    <span class="muted">{kindLabel(data.kind)}</span>
                                    <span class="grow" />
                                    <EntityActions entity={data} own />
                                </div>
                            </header>
                            <div class="entity-columns">
                                <section class="card entity-part" aria-label="Info" tabIndex={0}>
                                    <h2>Info</h2>
                                    <EntityInfo entity={data} />
                                    <h2>Insights</h2>
                                    <Insights entity={data} />
                                </section>
                                <section class="card entity-part" aria-label="Questions" tabIndex={0}>
                                    <h2>Questions</h2>
                                    <Questions reference={data.id} />
                                </section>
                                <section class="card entity-part" aria-label="Timeline" tabIndex={0}>
                                    <h2>Timeline</h2>
                                    <EntityTimeline reference={data.id} />
                                </section>
                            </div>
                        </>
                    )}
                </Loaded>
            )}
        </div>
    );
}
