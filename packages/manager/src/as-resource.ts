/** A draft as rules that speak of resources take it: what the store adds on commit is empty. */
import type { Resource } from "@isthmus/resources";
import type { ResourceDraft } from "@isthmus/store";

export function asResource(draft: ResourceDraft): Resource {
  return { ...draft, creationTime: "", modificationTime: "", version: 0 };
}
