/**
 * JSON as block YAML. Written down plainly because a general library takes seconds of the event loop for a document of this
 * size.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

/** Names that are no number, no boolean and need no quotes. */
const PLAIN_NAME = /^[a-zA-Z_$][\w$.-]*$/;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;

export function yamlText(value: JsonObject): string {
  const lines: string[] = [];
  print(value, "", lines);
  return `${lines.join("\n")}\n`;
}

function print(value: JsonValue, indent: string, lines: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) printMember(`${indent}-`, item, indent, lines);
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const key = PLAIN_NAME.test(name) && !RESERVED.test(name) ? name : JSON.stringify(name);
      if (member !== undefined) printMember(`${indent}${key}:`, member, indent, lines);
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
