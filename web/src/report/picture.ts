// The graph of an incident as SVG, drawn without a canvas on the page.
import { effect } from "@preact/signals";
import type { Picture } from "../graph/draw/picture";
import { themeOfElement } from "../graph/draw/theme";
import { svgOf } from "../graph/export";
import { Investigation } from "../graph/store";

/** The colours of the light theme, whatever the page shows: reports are printed. */
function lightTheme() {
    const probe = document.createElement("div");
    probe.dataset.theme = "light";
    probe.hidden = true;
    document.body.append(probe);
    const theme = themeOfElement(probe);
    probe.remove();
    return theme;
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
        return svgOf(picture, lightTheme(), `Graph of ${investigation.nameOf(node)}`);
    } finally {
        investigation.destroy();
    }
}
