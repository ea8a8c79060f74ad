import { type Resource, ZONE_LABEL } from "@isthmus/resources";

/** Zone that a resource is shown with. What names none is given the beginning of its name, where zones of old put theirs. */
export function zoneOf({ labels, name }: Resource): string {
  return labels[ZONE_LABEL] || (name.split(".")[0] ?? "");
}
