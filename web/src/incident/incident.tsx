import { Loading } from "../ui/states";

export function IncidentScreen(_: { id: string; tab: string }) {
    return <Loading />;
}
