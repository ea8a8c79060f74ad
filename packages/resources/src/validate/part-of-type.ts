/** Objects whose `type` says which other member holds what they are, such as the backends of logs and traces. */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { messageAt, textAt } from "./json-access.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";

type Check = (part: JsonObject, path: string, found: Violations) => void;

/** type -> its member and what is checked of it. */
export type PartsOfTypes = ReadonlyMap<string, readonly [member: string, check: Check]>;

/** Of types that this version does not know nothing is said, so that they go on to where they are known. */
export function checkPartOfType(object: JsonObject, parts: PartsOfTypes, path: string, found: Violations): void {
  const [name, check] = parts.get(textAt(object, "type")) ?? [];
  if (name === undefined || check === undefined) return;
  const part = messageAt(object, name);
  if (part === undefined) found.add(member(path, name), MUST_BE_DEFINED);
  else check(part, member(path, name), found);
}
