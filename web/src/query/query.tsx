import { Loading } from "../ui/states";

export function QueryScreen() {
    return <Loading />;
}
