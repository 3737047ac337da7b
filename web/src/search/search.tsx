import { Loading } from "../ui/states";

export function SearchScreen() {
    return <Loading />;
}
