/** A part of the configuration with a change: a value merged into it, or operations on it. */
import { mergeUserMessage, readUserMessage } from "@isthmus/proto/envoy/user-message";
import { messageOf, textOf } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import { applyJsonPatches } from "./json-patch.ts";
import { MESSAGES, type Modification } from "./modification.ts";

/** Of the message that the modification is about. */
export function patchMessage(json: JsonObject, { kind, value, patches }: Modification): Result<JsonObject, string> {
  if (patches.length === 0) return mergeUserMessage(MESSAGES[kind], json, value);
  return patched(MESSAGES[kind], json, patches);
}

/** Of filters it is their configuration that is changed. */
export function patchFilter(filter: JsonObject, { value, patches }: Modification): Result<JsonObject, string> {
  const config = messageOf(filter, "typedConfig");
  const patch = messageOf(value, "typedConfig");
  if (config === undefined) return ok(patch === undefined ? filter : { ...filter, typedConfig: patch });
  const changed = patches.length > 0 ? configPatched(config, patches) : configMerged(config, patch);
  return changed.ok ? ok({ ...filter, typedConfig: changed.value }) : changed;
}

const TYPE = "@type";

function configMerged(config: JsonObject, patch: JsonObject | undefined): Result<JsonObject, string> {
  if (patch === undefined) return ok(config);
  const type = textOf(config, TYPE);
  if (textOf(patch, TYPE) !== type) return err(`it is configured by ${type}, not by ${textOf(patch, TYPE)}`);
  return withType(type, mergeUserMessage(messageName(type), withoutType(config), withoutType(patch)));
}

function configPatched(config: JsonObject, patches: readonly JsonObject[]): Result<JsonObject, string> {
  const type = textOf(config, TYPE);
  return withType(type, patched(messageName(type), withoutType(config), patches));
}

function patched(message: string, json: JsonObject, patches: readonly JsonObject[]): Result<JsonObject, string> {
  // Operations are written for the form in which Envoy's messages are printed.
  const printed = readUserMessage(message, json);
  if (!printed.ok) return printed;
  const result = applyJsonPatches(printed.value, patches);
  return result.ok ? readUserMessage(message, result.value) : result;
}

function withType(type: string, config: Result<JsonObject, string>): Result<JsonObject, string> {
  return config.ok ? ok({ [TYPE]: type, ...config.value }) : config;
}

function withoutType({ [TYPE]: _type, ...config }: JsonObject): JsonObject {
  return config;
}

function messageName(type: string): string {
  return type.slice(type.lastIndexOf("/") + 1);
}
