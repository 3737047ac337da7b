// Entities whose labels are the same are told apart by the rest of their references: the network of an address, the domain of an account.

interface Named {
    readonly id: string;
    readonly label: string;
}

/** What of a reference the label does not say. */
export function scopeOf({ id, label }: Named): string {
    const value = id.slice(id.indexOf(":") + 1);
    // A reference of several members: `address+addressscope=10.0.0.1|vpc-1`.
    const members = /^[\w+-]+=(.*)$/.exec(value)?.[1] ?? value;
    const rest = members
        .split("|")
        .filter((part) => part.toLowerCase() !== label.toLowerCase())
        .join(" ");
    return rest === "" ? id : rest;
}

/** For entities whose label is not theirs alone: what tells them apart. */
export function scopesOf(entities: readonly Named[]): Map<string, string> {
    const labels = new Map<string, number>();
    for (const { label } of entities) labels.set(label, (labels.get(label) ?? 0) + 1);
    return new Map(entities.filter(({ label }) => (labels.get(label) ?? 0) > 1).map((entity) => [entity.id, scopeOf(entity)]));
}

/** What tells an entity apart from others of its name. */
export function Scope({ of }: { of: string | undefined }) {
    if (!of) return null;
    return (
        <span class="faint small clip scope" title={of}>
            {of}
        </span>
    );
}
