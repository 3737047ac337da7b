// A field with a button that takes what was typed.
import { useRef } from "preact/hooks";

interface Props {
    label: string;
    button: string;
    value?: string;
    /** Where this gives a promise, nothing more is taken until it is settled, and the field is empty again if it says yes. */
    onText: (text: string) => unknown;
}

/** One line of text and a button. */
export function Typed({ label, button, value = "", onText }: Props) {
    const busy = useRef(false);
    const take = async (form: HTMLFormElement) => {
        const text = String(new FormData(form).get("text") ?? "").trim();
        if (!text || busy.current) return;
        busy.current = true;
        if ((await onText(text)) === true) form.reset();
        busy.current = false;
    };
    return (
        <form
            class="typed"
            onSubmit={(event) => {
                event.preventDefault();
                void take(event.currentTarget);
            }}
        >
            <input class="field" name="text" aria-label={label} placeholder={label} defaultValue={value} autocomplete="off" />
            <button type="submit" class="button">
                {button}
            </button>
        </form>
    );
}
