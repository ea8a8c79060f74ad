/** Where certificates, keys and other secrets come from. */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { messageAt, textAt, valueAt } from "./json-access.ts";
import { MUST_BE_DEFINED, plainChoice } from "./primitives.ts";

/** The source of a protobuf-backed type (`kuma.system.v1alpha1.DataSource`), a choice of one. */
export type DataSource =
  | { readonly kind: "secret" | "file" | "inlineString"; readonly text: string }
  | { readonly kind: "inline"; readonly bytes: Uint8Array };

/** undefined when none is chosen. Should a document set several, the last one in the order of the fields wins. */
export function dataSourceFrom(source: JsonObject): DataSource | undefined {
  for (const kind of ["inlineString", "inline", "file", "secret"] as const) {
    const value = valueAt(source, kind);
    if (typeof value !== "string") continue;
    return kind === "inline" ? { kind, bytes: Buffer.from(value, "base64") } : { kind, text: value };
  }
  return undefined;
}

/** Source: kuma v2.14.3: pkg/core/datasource/validators.go. An empty `inlineString` passes there as well. */
export function checkDataSource(source: JsonObject, path: string, found: Violations): void {
  const chosen = dataSourceFrom(source);
  if (chosen === undefined) {
    found.add(path, "data source has to be chosen. Available sources: secret, file, inline");
  } else if (chosen.kind === "inline" ? chosen.bytes.length === 0 : chosen.kind !== "inlineString" && !chosen.text) {
    found.add(member(path, chosen.kind), "cannot be empty");
  }
}

/** Member and its text of each type of a source in a plain JSON spec. */
const SECURE_MEMBERS: Readonly<Record<string, readonly [member: string, text: string]>> = {
  EnvVar: ["envVar", "name"],
  InsecureInline: ["insecureInline", "value"],
  File: ["file", "path"],
  Secret: ["secretRef", "name"],
};

/** Source: kuma v2.14.3: api/common/v1alpha1/datasource/datasource.go. */
export function checkSecureDataSource(source: JsonObject, path: string, found: Violations): void {
  const type = textAt(source, "type");
  const members = Object.hasOwn(SECURE_MEMBERS, type) ? SECURE_MEMBERS[type] : undefined;
  if (members === undefined) {
    found.add(member(path, "type"), plainChoice(type, Object.keys(SECURE_MEMBERS)));
    return;
  }
  const [name, textName] = members;
  const field = member(path, name);
  const content = messageAt(source, name);
  if (content === undefined) {
    found.add(field, MUST_BE_DEFINED);
    return;
  }
  const kind = textAt(content, "kind");
  if (type === "Secret" && kind !== "Secret") found.add(member(field, "kind"), plainChoice(kind, ["Secret"]));
  const text = textAt(content, textName);
  const error = text === "" ? MUST_BE_DEFINED : type === "File" ? filePathError(text) : undefined;
  if (error !== undefined) found.add(member(field, textName), error);
}

/** Only absolute paths without `..`, or a resource could make the control plane read any file of its machine. */
function filePathError(path: string): string | undefined {
  if (path.includes("..")) return `file path contains directory traversal sequence: ${path}`;
  return path.startsWith("/") ? undefined : `file path must be absolute: ${path}`;
}
