import { Loading } from "../ui/states";

/** The investigation graph of some nodes (`incident:5`), in the incident's Graph tab. */
export function Graph(_: { of: readonly string[] }) {
    return <Loading />;
}
