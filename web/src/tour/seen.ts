// Whether the person was shown around.
import { signal } from "@preact/signals";
import { oneOf, stored } from "../state/stored";

/** `new` until the tour was ended or passed over. */
export const tourState = stored<"new" | "seen">("tour", "new", oneOf<"new" | "seen">("new", "seen"));

/** Whether the tour was asked for on this page. */
export const tourAsked = signal(false);
