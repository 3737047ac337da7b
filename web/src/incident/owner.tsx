// Chooses who works on something: somebody by name, or nobody.
import { lastOwner } from "./change";
import { Typed } from "./typed";

interface Props {
    /** Whether there is an owner that can be taken away. */
    owned: boolean;
    /** Closes the list that this stands in. */
    close: () => void;
    /** `null` is nobody. */
    onOwner: (name: string | null) => void;
}

export function OwnerChoices({ owned, close, onOwner }: Props) {
    return (
        <>
            <Typed
                label="Name of the owner"
                button="Assign"
                value={lastOwner.value}
                onText={(name) => {
                    close();
                    lastOwner.value = name;
                    onOwner(name);
                }}
            />
            {owned && (
                <button
                    type="button"
                    class="menu-item"
                    onClick={() => {
                        close();
                        onOwner(null);
                    }}
                >
                    Unassign
                </button>
            )}
        </>
    );
}
