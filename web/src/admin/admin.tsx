import { Loading } from "../ui/states";

export function AdminScreen() {
    return <Loading />;
}
