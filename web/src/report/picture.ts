// The graph of an incident as SVG, drawn without a canvas on the page.
import { effect } from "@preact/signals";
import type { Picture } from "../graph/draw/picture";
import { type Theme, themeOfElement } from "../graph/draw/theme";
import { svgOf } from "../graph/export";
import { Investigation } from "../graph/store";

/** Draws in the colours of the light theme, whatever the page shows: reports are printed. Colours are read while it draws. */
function inLightTheme<T>(draw: (theme: Theme) => T): T {
    const probe = document.createElement("div");
    probe.dataset.theme = "light";
    probe.hidden = true;
    document.body.append(probe);
    try {
        return draw(themeOfElement(probe));
    } finally {
        probe.remove();
    }
}

/** Lays out the graph of a node and gives it as SVG. */
export async function graphPicture(node: string): Promise<string> {
    const investigation = new Investigation(node);
    try {
        await investigation.open();
        if (investigation.error.peek() !== undefined) return "";
        const picture = await new Promise<Picture>((resolve) => {
            const stop = effect(() => {
                const made = investigation.picture.value;
                if (made && investigation.settled.value)
                    queueMicrotask(() => {
                        stop();
                        resolve(made);
                    });
            });
        });
        return inLightTheme((theme) => svgOf(picture, theme, `Graph of ${investigation.nameOf(node)}`));
    } finally {
        investigation.destroy();
    }
}
