/** Rules of a MeshProxyPatch. Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import type { ValidationContext } from "../type-descriptor.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { ENVOY_PARTS, type EnvoyModification, EnvoyValueReader } from "./envoy-value.ts";
import { messageAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { checkJsonPatches } from "./json-patch.ts";
import { targetRefDeprecations } from "./policy-lists.ts";
import { exactlyOne, MUST_BE_DEFINED, MUST_NOT_BE_DEFINED, MUST_NOT_BE_EMPTY, onlyOne } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "MeshGateway", "Dataplane"] },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "Dataplane", "MeshService", "MeshServiceSubset"] },
};

export function validateMeshProxyPatch(resource: Resource, context: ValidationContext): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const path = "spec.default.appendModifications";
  const modifications = objectsAt(objectAt(resource.spec, "default"), "appendModifications");
  if (modifications.length === 0) found.add(path, MUST_NOT_BE_EMPTY);
  const reader = new EnvoyValueReader(context.isFromPeer === true);
  for (const [index, modification] of modifications.entries()) {
    checkModification(modification, at(path, index), reader, found);
  }
  return found.list;
}

export function meshProxyPatchDeprecations({ spec }: Resource): readonly string[] {
  return targetRefDeprecations(spec);
}

interface Modification extends EnvoyModification {
  readonly name: string;
}

type Operation = (modification: Modification) => void;

function checkModification(modification: JsonObject, path: string, reader: EnvoyValueReader, found: Violations): void {
  const names = Object.keys(KINDS).filter((name) => messageAt(modification, name) !== undefined);
  const [name = ""] = names;
  const operations = KINDS[name];
  const part = ENVOY_PARTS[name];
  if (names.length !== 1 || operations === undefined || part === undefined) {
    const count = `Currently, ${names.length} modifications are defined`;
    found.add(path, `exactly one modification can be defined at a time. ${count}`);
    return;
  }
  const value = objectAt(modification, name);
  const operation = operations.get(textAt(value, "operation"));
  const kindPath = `${path}.${name}`;
  if (operation !== undefined) operation({ name, value, part, path: kindPath, reader, found });
  else {
    const available = [...operations.keys()].map((each) => `"${each}"`).join(", ");
    found.add(`${kindPath}.operation`, `invalid operation. Available operations: ${available}`);
  }
}

/** What is added is new, so there is nothing to match. */
const addResource: Operation = (modification) => {
  if (messageAt(modification.value, "match") !== undefined) {
    modification.found.add(`${modification.path}.match`, MUST_NOT_BE_DEFINED);
  }
  add(modification);
};

/** It is added to the routes that match. */
const addVirtualHost: Operation = (modification) => {
  if (matchedName(modification) !== undefined) {
    modification.found.add(`${modification.path}.match.name`, MUST_NOT_BE_DEFINED);
  }
  add(modification);
};

const addBeside =
  (place: "before" | "after"): Operation =>
  (modification) => {
    needName(modification, `${MUST_BE_DEFINED}. You need to pick a filter ${place} which this one will be added`);
    add(modification);
  };

const add: Operation = ({ value, part, path, reader, found }) => {
  const text = optionalTextAt(value, "value");
  if (text === undefined) found.add(`${path}.value`, MUST_BE_DEFINED);
  else reader.check(text, part, true, `${path}.value`, found);
};

const patch: Operation = ({ name, value, part, path, reader, found }) => {
  const text = optionalTextAt(value, "value");
  const patches = objectsAt(value, "jsonPatches");
  if (text !== undefined && patches.length > 0) found.add(path, onlyOne(name, "value", "jsonPatches"));
  else if (text !== undefined) reader.check(text, part, false, `${path}.value`, found);
  else if (patches.length > 0) checkJsonPatches(patches, `${path}.jsonPatches`, found);
  else found.add(path, exactlyOne(name, "value", "jsonPatches"));
};

const patchFilter: Operation = (modification) => {
  needName(modification, MUST_BE_DEFINED);
  patch(modification);
};

const remove: Operation = ({ value, path, found }) => {
  if (optionalTextAt(value, "value") !== undefined) found.add(`${path}.value`, MUST_NOT_BE_DEFINED);
};

const matchedName = ({ value }: Modification): string | undefined => optionalTextAt(objectAt(value, "match"), "name");

function needName(modification: Modification, reason: string): void {
  if (matchedName(modification) === undefined) modification.found.add(`${modification.path}.match.name`, reason);
}

const resourceOperations = (addition: Operation): ReadonlyMap<string, Operation> =>
  new Map([
    ["Add", addition],
    ["Patch", patch],
    ["Remove", remove],
  ]);

const FILTER_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ["AddFirst", add],
  ["AddLast", add],
  ["AddBefore", addBeside("before")],
  ["AddAfter", addBeside("after")],
  ["Patch", patchFilter],
  ["Remove", remove],
]);

/** By kind of modification; the operations in the order in which messages name them. */
const KINDS: Readonly<Record<string, ReadonlyMap<string, Operation>>> = {
  cluster: resourceOperations(addResource),
  listener: resourceOperations(addResource),
  virtualHost: resourceOperations(addVirtualHost),
  networkFilter: FILTER_OPERATIONS,
  httpFilter: FILTER_OPERATIONS,
};
