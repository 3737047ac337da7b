import { Loading } from "../ui/states";

/** The timeline of some nodes (`incident:5`), in the incident's Timeline tab. */
export function Timeline(_: { of: readonly string[] }) {
    return <Loading />;
}
