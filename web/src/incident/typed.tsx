// A field with a button that takes what was typed.

/** One line of text and a button. */
export function Typed({
    label,
    button,
    value = "",
    onText,
}: {
    label: string;
    button: string;
    value?: string;
    onText: (text: string) => void;
}) {
    return (
        <form
            class="typed"
            onSubmit={(event) => {
                event.preventDefault();
                const text = String(new FormData(event.currentTarget).get("text") ?? "").trim();
                if (text) onText(text);
            }}
        >
            <input class="field" name="text" aria-label={label} placeholder={label} defaultValue={value} autocomplete="off" />
            <button type="submit" class="button">
                {button}
            </button>
        </form>
    );
}
