import { Loading } from "../ui/states";

/** The `/graph` screen; its state is in the address. */
export function GraphScreen() {
    return <Loading />;
}
