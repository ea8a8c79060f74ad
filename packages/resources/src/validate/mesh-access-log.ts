/** Rules of a MeshAccessLog. Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog/api/v1alpha1/validator.go. */
import { type JsonObject, parseJson } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { isFilePath } from "./file-path.ts";
import { listAt, messageAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { isUrl } from "./loose-url.ts";
import { checkMatch } from "./match.ts";
import { checkOtelTarget, otelDeprecations } from "./otel-target.ts";
import { checkPartOfType, type PartsOfTypes } from "./part-of-type.ts";
import {
  checkRulesAlone,
  checkSomeItems,
  checkTargetItems,
  fromDeprecations,
  targetRefDeprecations,
} from "./policy-lists.ts";
import { MUST_BE_DEFINED, MUST_NOT_BE_EMPTY } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules, topKind } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
  hasInboundLists: true,
};
const ALL: TargetRefRules = { kinds: ["Mesh"] };
const TO: TargetRefRules = {
  kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"],
};

const LISTS = ["to", "from", "rules"] as const;
const ATTRIBUTE_KEY = /^[a-z](?:[a-z0-9]|[._][a-z0-9])*$/;

export function validateMeshAccessLog(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  checkRulesAlone(spec, found);
  checkSomeItems(spec, found);
  const checkItem = (item: JsonObject, path: string): void => {
    checkBackends(objectAt(item, "default"), member(path, "default.backends"), found);
  };
  checkTargetItems(spec, "to", topKind(spec) === "MeshGateway" ? ALL : TO, checkItem, found);
  checkTargetItems(spec, "from", ALL, checkItem, found);
  for (const [index, rule] of objectsAt(spec, "rules").entries()) {
    const path = at("spec.rules", index);
    for (const [i, match] of objectsAt(rule, "matches").entries()) checkMatch(match, at(`${path}.matches`, i), found);
    checkItem(rule, path);
  }
  return found.list;
}

export function meshAccessLogDeprecations({ spec }: Resource): readonly string[] {
  const backends = LISTS.flatMap((list) => objectsAt(spec, list)).flatMap((item) =>
    objectsAt(objectAt(item, "default"), "backends"),
  );
  return [...fromDeprecations(spec), ...otelDeprecations(backends), ...targetRefDeprecations(spec)];
}

function checkBackends(conf: JsonObject, path: string, found: Violations): void {
  if (listAt(conf, "backends") === undefined) found.add(path, MUST_BE_DEFINED);
  for (const [index, backend] of objectsAt(conf, "backends").entries())
    checkPartOfType(backend, BACKENDS, at(path, index), found);
}

const BACKENDS: PartsOfTypes = new Map([
  ["File", ["file", checkFile]],
  ["Tcp", ["tcp", checkTcp]],
  ["OpenTelemetry", ["openTelemetry", checkOpenTelemetry]],
]);

function checkFile(file: JsonObject, path: string, found: Violations): void {
  checkFormat(file, `${path}.format`, found);
  if (!isFilePath(textAt(file, "path"))) found.add(`${path}.path`, "file backend requires a valid path");
}

function checkTcp(tcp: JsonObject, path: string, found: Violations): void {
  checkFormat(tcp, `${path}.format`, found);
  if (!isUrl(textAt(tcp, "address"))) found.add(`${path}.address`, "tcp backend requires valid address");
}

function checkOpenTelemetry(target: JsonObject, path: string, found: Violations): void {
  checkOtelTarget(target, path, found);
  for (const [index, attribute] of objectsAt(target, "attributes").entries()) {
    const reason = attributeKeyError(textAt(attribute, "key"));
    if (reason !== undefined) found.add(`${at(`${path}.attributes`, index)}.key`, reason);
  }
}

function attributeKeyError(key: string): string | undefined {
  if (key === "") return MUST_BE_DEFINED;
  if (key.includes("%")) {
    return "must be a static OpenTelemetry attribute name; placeholders are only supported in values";
  }
  if (key.startsWith("otel.")) return "must not use the reserved OpenTelemetry prefix 'otel.'";
  return ATTRIBUTE_KEY.test(key)
    ? undefined
    : "must start with a lowercase letter, use only lowercase letters, digits, '.' or '_', avoid consecutive delimiters, and end with a letter or digit";
}

function checkFormat(backend: JsonObject, path: string, found: Violations): void {
  const format = messageAt(backend, "format");
  if (format === undefined) return;
  switch (textAt(format, "type")) {
    case "Plain": {
      const plain = optionalTextAt(format, "plain");
      if (plain === undefined) found.add(`${path}.plain`, MUST_BE_DEFINED);
      else if (plain === "") found.add(`${path}.plain`, MUST_NOT_BE_EMPTY);
      return;
    }
    case "Json":
      checkFields(listAt(format, "json") === undefined ? undefined : objectsAt(format, "json"), `${path}.json`, found);
      return;
    default:
      return;
  }
}

function checkFields(fields: readonly JsonObject[] | undefined, path: string, found: Violations): void {
  if (fields === undefined) {
    found.add(path, MUST_BE_DEFINED);
    return;
  }
  if (fields.length === 0) found.add(path, MUST_NOT_BE_EMPTY);
  for (const [index, field] of fields.entries()) {
    const fieldPath = at(path, index);
    const key = textAt(field, "key");
    const value = textAt(field, "value");
    if (key === "") found.add(`${fieldPath}.key`, "key cannot be empty");
    if (value === "") found.add(`${fieldPath}.value`, "value cannot be empty");
    // Both stand in quotes as they are, so what JSON escapes in a text has to be escaped by the user.
    if (!parseJson(`{"${key}": "${value}"}`).ok) found.add(fieldPath, "is not a valid JSON object");
  }
}
