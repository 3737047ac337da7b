// A few alerts, one line each, that lead to them.
import { nodeHref } from "../router/router";
import { Severity, Time } from "../ui/parts";

interface Line {
    id: string;
    title: string;
    severity: string;
    start?: string | null;
}

export function AlertLines({ of }: { of: readonly Line[] }) {
    return (
        <ul class="preview-list">
            {of.map((one) => (
                <li key={one.id}>
                    <a class="alert-line" href={nodeHref(`alert:${one.id}`)} title={one.title}>
                        <Severity name={one.severity} compact />
                        <span class="clip grow">{one.title}</span>
                        <span class="faint">
                            <Time at={one.start ?? null} style="minute" />
                        </span>
                    </a>
                </li>
            ))}
        </ul>
    );
}
