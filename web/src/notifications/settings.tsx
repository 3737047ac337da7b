// What a person is told of: their own choice, and that of the workspace for who chose nothing.
import { Needs, ReadOnly } from "../access/needs";
import { mayDo } from "../access/rights";
import { WordsField } from "../admin/inputs";
import { useLoad } from "../api/resource";
import { token } from "../api/session";
import { Loaded } from "../ui/states";
import { over, USUAL } from "./model";
import { askDefaults, askSettings, putChoice, putDefaults } from "./news";
import { ToldForm } from "./told";

/** Only administrators are told of these. */
const FOR_ADMINISTRATORS = ["failed"];

export function Settings() {
    const asked = useLoad(askSettings, `notification settings ${token.value}`);
    return (
        <section class="card told-card" aria-label="What you are told of">
            <div class="card-head">
                <h2>What you are told of</h2>
            </div>
            <Loaded of={asked} rows={6}>
                {({ settings, workspace }) => (
                    <ToldForm
                        key={JSON.stringify(asked.data)}
                        saved={settings.chosen}
                        below={over(workspace, USUAL)}
                        whose="as the workspace has it"
                        without={mayDo("administer") ? [] : FOR_ADMINISTRATORS}
                        put={putChoice}
                        onSaved={asked.reload}
                    >
                        {(wanted, onWanted) => (
                            <>
                                <WordsField
                                    label="Further names that mean you"
                                    hint="SOC Tier 2, alice@contoso.com"
                                    value={wanted.names}
                                    onValue={(names) => onWanted({ ...wanted, names })}
                                />
                                {settings.you.length > 0 && <p class="faint small wrap">You are known as {settings.you.join(", ")}.</p>}
                            </>
                        )}
                    </ToldForm>
                )}
            </Loaded>
        </section>
    );
}

/** What everybody is told who chose nothing. */
export function WorkspaceNotifications() {
    const asked = useLoad(askDefaults, "notification defaults");
    return (
        <section class="card told-card" aria-label="Notifications">
            <div class="card-head">
                <h2>Notifications</h2>
                <span class="faint small">of everybody who chose nothing else</span>
                <span class="grow" />
                <ReadOnly right="administer" />
            </div>
            <Loaded of={asked} rows={4}>
                {(told) => (
                    <Needs right="administer">
                        <ToldForm
                            key={JSON.stringify(told)}
                            saved={told}
                            below={USUAL}
                            whose="as usual"
                            put={putDefaults}
                            onSaved={asked.reload}
                        />
                    </Needs>
                )}
            </Loaded>
        </section>
    );
}
