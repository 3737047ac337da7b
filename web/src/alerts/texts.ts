// What sources write as objects, or as texts that hold one.

type Members = Readonly<Record<string, unknown>>;

/** An object, given as one or as its JSON text. */
export function objectOf(value: unknown): Members | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
    if (typeof value !== "string" || !value.trimStart().startsWith("{")) return undefined;
    try {
        return objectOf(JSON.parse(value));
    } catch {
        return undefined;
    }
}

const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** A member by its name, whatever its case and the signs between its words. */
export function member(of: Members, name: string): unknown {
    if (name in of) return of[name];
    const wanted = folded(name);
    const found = Object.keys(of).find((one) => folded(one) === wanted);
    return found === undefined ? undefined : of[found];
}
