// What ticked incidents and ticked alerts have in common: an owner and tags, chosen from the bar over their list.
import { Choose, ChooseOne } from "../list/bulkbar";
import { Icon } from "../ui/icons";
import { OwnerChoices } from "./owner";
import { Typed } from "./typed";

/** Changes fields that incidents and alerts have in common; the text says what was done. */
type Change = (fields: { owner?: { name: string } | null; add_tags?: string[]; remove_tags?: string[] }, text: string) => Promise<boolean>;

/** Gives the ticked rows an owner, or takes him away. */
export function ChooseOwner({ what, change }: { what: string; change: Change }) {
    return (
        <Choose label="Owner">
            {(close) => (
                <OwnerChoices
                    owned
                    close={close}
                    onOwner={(name) =>
                        void (name === null
                            ? change({ owner: null }, `Nobody owns ${what} now`)
                            : change({ owner: { name } }, `${what} assigned to ${name}`))
                    }
                />
            )}
        </Choose>
    );
}

/** Tags the ticked rows, or takes tags away that some of them have. */
export function ChooseTags({
    label,
    present = [],
    what,
    change,
}: {
    label: string;
    present?: readonly string[];
    what: string;
    change: Change;
}) {
    return (
        <ChooseOne
            label={label}
            values={present}
            show={(tag) => (
                <>
                    <span class="grow clip">{tag}</span>
                    <Icon name="close" />
                </>
            )}
            onChoose={(tag) => void change({ remove_tags: [tag] }, `Tag "${tag}" removed from ${what}`)}
            above={(close) => (
                <Typed
                    label="Tag"
                    button="Add"
                    onText={(tag) => {
                        close();
                        void change({ add_tags: [tag] }, `${what} tagged "${tag}"`);
                    }}
                />
            )}
        />
    );
}
