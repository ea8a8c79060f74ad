/** JSON with a line for each member of a member: readable by people and by tools that compare lines, and printed in steps. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export function* jsonText(value: JsonObject): Generator<void, string> {
  return `${yield* printed(value, 2)}\n`;
}

function* printed(value: JsonValue, depth: number): Generator<void, string> {
  if (depth === 0 || !isJsonObject(value)) {
    yield;
    return JSON.stringify(value);
  }
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}: ${yield* printed(member, depth - 1)}`);
  }
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n}`;
}
