// How many notifications nobody has read yet, and when to look again: when the workspace changed, and every minute, since an export that
// fails is no change of it. A page that is not seen does not ask, and one whose server knows no notifications asks once.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, askNamed, errorDetail, isAbort, offered } from "../api/client";
import { refusal, token } from "../api/session";
import { seq } from "../app/live";
import { toast } from "../ui/toast";
import {
    type Choice,
    type NotificationPage,
    type NotificationSettings,
    readPage,
    readSettings,
    readTold,
    type Told,
    writeTold,
} from "./model";

const AGAIN_MS = 60_000;

const count = signal<number | undefined>(undefined);
/** Counts what the page itself read, and the minutes. */
const looked = signal(0);
let unknown = false;

/** Notifications that were not read; nothing as long as there are none to be asked for. */
export const unread = computed(() => count.value);

/** Changes whenever the list may have changed. */
export const version = computed(() => `${seq.value} ${looked.value}`);

/** Keeps the count on the present state as long as the component is there. */
export function useNews(): void {
    const now = version.value;
    const who = `${token.value} ${refusal.value}`;
    useEffect(() => {
        const timer = setInterval(() => {
            if (document.visibilityState === "visible") looked.value += 1;
        }, AGAIN_MS);
        return () => clearInterval(timer);
    }, []);
    useEffect(() => {
        if (unknown || !offered("notifications")) return;
        const controller = new AbortController();
        askPage({ unread: true, limit: 1 }, controller.signal).catch((error) => {
            if (isAbort(error) || !(error instanceof ApiError) || error.status === 0) return;
            count.value = undefined;
            // A server older than this page.
            unknown = error.status === 404;
        });
        return () => controller.abort();
    }, [now, who]);
}

/** A page of the notifications; its count is the newest one. */
export async function askPage(params: Record<string, unknown>, abort?: AbortSignal): Promise<NotificationPage> {
    const page = readPage(await askNamed("notifications", params, abort ? { signal: abort } : {}));
    count.value = page.unread;
    return page;
}

/** Marks notifications as read: some, or one with all that are older. */
export async function markRead(which: { ids: readonly string[] } | { through: string }): Promise<void> {
    try {
        const { unread } = (await askNamed("read_notifications", {}, { body: which })) as { unread?: number };
        count.value = unread ?? 0;
        looked.value += 1;
    } catch (error) {
        toast(errorDetail(error).message, { tone: "bad" });
    }
}

/** What the person chose, and what the workspace did. */
export async function askSettings(abort: AbortSignal): Promise<{ settings: NotificationSettings; workspace: Told }> {
    const [settings, workspace] = await Promise.all([askNamed("notification_settings", {}, { signal: abort }), askDefaults(abort)]);
    return { settings: readSettings(settings), workspace };
}

export async function putChoice(choice: Choice): Promise<void> {
    await askNamed("put_notification_settings", {}, { body: writeTold(choice) });
    looked.value += 1;
}

export async function askDefaults(abort: AbortSignal): Promise<Told> {
    return readTold(await askNamed("notification_defaults", {}, { signal: abort }));
}

export async function putDefaults(told: Told): Promise<void> {
    await askNamed("put_notification_defaults", {}, { body: writeTold(told) });
    looked.value += 1;
}
