// The types of the API, as its description has them.
export * from "../../generated/types";
