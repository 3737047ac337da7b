import { Loading } from "../ui/states";

export function QueueScreen() {
    return <Loading />;
}
