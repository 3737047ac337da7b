import { Loading } from "../ui/states";

export function AlertsScreen(_: { selected: string }) {
    return <Loading />;
}
