// Links out of the page. Their addresses come from alerts, so only plain web addresses become links.
import { Icon } from "./icons";

/** The address if a browser may follow it: `http` or `https`, nothing else (`javascript:`, `data:`). */
export function webAddress(text: string | null | undefined): string | null {
    if (!text) return null;
    try {
        const url = new URL(text);
        return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
    } catch {
        return null;
    }
}

export function OutLink({ to, label }: { to: string | null | undefined; label: string }) {
    const address = webAddress(to);
    if (!address) return null;
    return (
        <a class="button" href={address} target="_blank" rel="noopener noreferrer nofollow" title={address}>
            <Icon name="external" />
            {label}
        </a>
    );
}
