// Notifications one below the other: each leads to what it tells of, and is read once it was opened.
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { IconButton, Severity, Time } from "../ui/parts";
import { type Notification, signOf } from "./model";
import { markRead } from "./news";

interface Props {
    of: readonly Notification[];
    onOpen?: () => void;
}

export function NotificationList({ of, onOpen }: Props) {
    return (
        <ul class="notifications" aria-label="Notifications">
            {of.map((one) => (
                <Line key={one.id} of={one} onOpen={onOpen} />
            ))}
        </ul>
    );
}

function Line({ of, onOpen }: { of: Notification; onOpen: (() => void) | undefined }) {
    const read = () => void (of.read || markRead({ ids: [of.id] }));
    return (
        <li class={of.read ? "notification" : "notification unread"}>
            <a
                href={of.page}
                onClick={() => {
                    read();
                    onOpen?.();
                }}
            >
                <span class="notification-sign">
                    <Icon name={signOf(of.kind)} />
                </span>
                <span class="stack grow">
                    <span class="line">
                        {of.severity && <Severity name={of.severity} compact />}
                        <span class="clip notification-title" title={of.title}>
                            {of.number !== undefined && <span class="number faint">#{of.number} </span>}
                            {of.title}
                        </span>
                        {!of.read && <span class="hidden-visually">, unread</span>}
                    </span>
                    <span class="small muted wrap">{of.text}</span>
                    <span class="small faint">
                        {of.actor && <>{of.actor}, </>}
                        <Time at={of.time} style="minute" />
                    </span>
                </span>
            </a>
            {!of.read && <IconButton icon="check" small label={`Mark as read: ${of.title}`} onClick={read} />}
        </li>
    );
}

/** Marks what is shown as read, and what is older; what came in since stays unread. */
export function AllRead({ newest, count }: { newest: Notification | undefined; count: number }) {
    if (!newest || count === 0) return null;
    return (
        <button type="button" class="button quiet small" onClick={() => void markRead({ through: newest.id })}>
            <Icon name="check" />
            Mark all {formatCount(count)} read
        </button>
    );
}
