import { Loading } from "../ui/states";

export function EntityScreen(_: { reference: string }) {
    return <Loading />;
}
