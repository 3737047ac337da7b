// Who is at the desk: `me` as an owner in an address means whoever looks, so that a view of one's own work can be given on.
import { askNamed, offered } from "../api/client";
import { useLoad } from "../api/resource";
import { token } from "../api/session";
import { lastOwner } from "../incident/change";
import type { Filter } from "./filters";

async function whoIsThere(signal: AbortSignal): Promise<{ name: string; kind: string }> {
    const { name, kind } = (await askNamed("whoami", {}, { signal })) as { name?: unknown; kind?: unknown };
    return { name: typeof name === "string" ? name : "", kind: typeof kind === "string" ? kind : "" };
}

/** The filter with the names of the person in place of `me`. Where nobody signs in, that is also the owner who was chosen last. */
export function withNames(filter: Filter, names: readonly string[]): Filter {
    const { owner } = filter;
    if (!owner?.includes("me")) return filter;
    return { ...filter, owner: [...new Set(owner.flatMap((name) => (name === "me" ? names : [name])))] };
}

/** What the filter of an address means for the person who looks. */
export function useMine(filter: Filter): Filter {
    const wanted = filter.owner?.includes("me") === true && offered("whoami");
    const who = useLoad(wanted ? whoIsThere : null, `who ${token.value}`);
    const names = [who.data?.name ?? "", who.data?.kind === "local" ? lastOwner.value : ""].filter(Boolean);
    return withNames(filter, names.length > 0 ? names : ["me"]);
}
