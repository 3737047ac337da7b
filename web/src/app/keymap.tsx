// The window that `?` opens: every key that does something on the present screen.
import { tourAsked } from "../tour/seen";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { keyGroups, keyNames, keysHeard } from "../ui/keys";

export function KeyMap({ onClose }: { onClose: () => void }) {
    const groups = keysHeard(keyGroups.value.filter((group) => !group.modal));
    return (
        <Dialog title="Keyboard map" onClose={onClose}>
            <div class="keymap-tour">
                <button
                    type="button"
                    class="button"
                    onClick={() => {
                        tourAsked.value = true;
                        onClose();
                    }}
                >
                    <Icon name="play" />
                    Show me around
                </button>
                <span class="faint small">six steps over the page</span>
            </div>
            <div class="keymap">
                {groups.map((group) => (
                    <section key={group.title}>
                        <h3>{group.title}</h3>
                        <dl>
                            {group.bindings.map((binding) => (
                                <div key={binding.label} data-label={binding.label}>
                                    <dt>
                                        {[binding.keys].flat().map((keys) => (
                                            <span key={keys} class="keymap-keys" data-keys={keys}>
                                                {keyNames(keys).map((key) => (
                                                    <kbd key={key}>{key}</kbd>
                                                ))}
                                            </span>
                                        ))}
                                    </dt>
                                    <dd>{binding.label}</dd>
                                </div>
                            ))}
                        </dl>
                    </section>
                ))}
            </div>
        </Dialog>
    );
}
