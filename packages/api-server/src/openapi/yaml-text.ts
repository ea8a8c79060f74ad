/**
 * JSON as block YAML, in steps. Written down plainly because a general library takes seconds of the event loop for a document of this
 * size.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

/** Names that are no number, no boolean and need no quotes. */
const PLAIN_NAME = /^[a-zA-Z_$][\w$.-]*$/;
/** As deep as steps go. */
const STEPPED_INDENT = 4;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;

export function* yamlText(value: JsonObject): Generator<void, string> {
  const lines: string[] = [];
  yield* printInSteps(value, "", lines);
  return `${lines.join("\n")}\n`;
}

/** A step for each member of a member. */
function* printInSteps(value: JsonObject, indent: string, lines: string[]): Generator<void, void> {
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const head = `${indent}${keyText(name)}:`;
    if (isJsonObject(member) && !isEmpty(member) && indent.length < STEPPED_INDENT) {
      lines.push(head);
      yield* printInSteps(member, `${indent}  `, lines);
    } else printMember(head, member, indent, lines);
    yield;
  }
}

function keyText(name: string): string {
  return PLAIN_NAME.test(name) && !RESERVED.test(name) ? name : JSON.stringify(name);
}

function print(value: JsonValue, indent: string, lines: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) printMember(`${indent}-`, item, indent, lines);
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) printMember(`${indent}${keyText(name)}:`, member, indent, lines);
    }
  }
}

function printMember(head: string, value: JsonValue, indent: string, lines: string[]): void {
  if (isEmpty(value) || typeof value !== "object" || value === null) lines.push(`${head} ${JSON.stringify(value)}`);
  else {
    lines.push(head);
    print(value, `${indent}  `, lines);
  }
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
