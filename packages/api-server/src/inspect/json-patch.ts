/**
 * What turns one JSON document into another, as RFC 6902 operations: `test` and `remove` for what goes, `add` for what comes,
 * which is how Kuma writes the difference between configurations of a proxy.
 */
import { isJsonObject, type JsonObject, type JsonValue, jsonEquals } from "@isthmus/std";

export interface PatchOperation {
  readonly op: "test" | "remove" | "add";
  /** JSON pointer. */
  readonly path: string;
  readonly value: JsonValue;
}

export function jsonPatch(before: JsonValue, after: JsonValue, path = ""): readonly PatchOperation[] {
  if (jsonEquals(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) return ofObjects(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return ofLists(before, after, path);
  return [...removal(before, path), { op: "add", path, value: after }];
}

function ofObjects(before: JsonObject, after: JsonObject, path: string): readonly PatchOperation[] {
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return members.flatMap((member): readonly PatchOperation[] => {
    const at = `${path}/${escaped(member)}`;
    const [old, now] = [before[member], after[member]];
    if (old === undefined) return now === undefined ? [] : [{ op: "add", path: at, value: now }];
    return now === undefined ? removal(old, at) : jsonPatch(old, now, at);
  });
}

/** What both begin and end with stays; in between, elements that have a counterpart are changed, the others come or go. */
function ofLists(before: readonly JsonValue[], after: readonly JsonValue[], path: string): readonly PatchOperation[] {
  const start = commonStart(before, after);
  const end = commonStart(before.slice(start).toReversed(), after.slice(start).toReversed());
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  const shared = Math.min(old.length, now.length);
  const changed = old.slice(0, shared).flatMap((each, index) => {
    const next = now[index];
    return next === undefined ? [] : jsonPatch(each, next, `${path}/${start + index}`);
  });
  const place = `${path}/${start + shared}`;
  const removed = old.slice(shared).flatMap((each) => removal(each, place));
  const added = now
    .slice(shared)
    .map((value, index): PatchOperation => ({ op: "add", path: `${path}/${start + shared + index}`, value }));
  return [...changed, ...removed, ...added];
}

function commonStart(a: readonly JsonValue[], b: readonly JsonValue[]): number {
  let length = 0;
  while (length < a.length && length < b.length && jsonEquals(a[length] ?? null, b[length] ?? null)) length += 1;
  return length;
}

function removal(value: JsonValue, path: string): readonly PatchOperation[] {
  return [
    { op: "test", path, value },
    { op: "remove", path, value },
  ];
}

const escaped = (member: string): string => member.replaceAll("~", "~0").replaceAll("/", "~1");
