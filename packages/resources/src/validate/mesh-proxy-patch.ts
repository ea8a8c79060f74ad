/** Rules of a MeshProxyPatch. Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import type { ValidationContext } from "../type-descriptor.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { type EnvoyPart, envoyPartError } from "./envoy-value.ts";
import { messageAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { checkJsonPatches } from "./json-patch.ts";
import { targetRefDeprecations } from "./policy-lists.ts";
import { exactlyOne, MUST_BE_DEFINED, MUST_NOT_BE_DEFINED, MUST_NOT_BE_EMPTY, onlyOne } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "MeshGateway", "Dataplane"] },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "Dataplane", "MeshService", "MeshServiceSubset"] },
};

/** Characters of Envoy values that are looked at in one policy; nobody writes more by hand, and reading takes time. */
const VALUES_MAX_LENGTH = 100_000;

export function validateMeshProxyPatch(resource: Resource, context: ValidationContext): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const path = "spec.default.appendModifications";
  const modifications = objectsAt(objectAt(resource.spec, "default"), "appendModifications");
  if (modifications.length === 0) found.add(path, MUST_NOT_BE_EMPTY);
  const reader = new ValueReader(context.isFromPeer === true);
  for (const [index, modification] of modifications.entries()) {
    checkModification(modification, at(path, index), reader, found);
  }
  return found.list;
}

export function meshProxyPatchDeprecations({ spec }: Resource): readonly string[] {
  return targetRefDeprecations(spec);
}

/** Checks values until their budget is used up. */
class ValueReader {
  readonly #mayBeUnreadable: boolean;
  #left = VALUES_MAX_LENGTH;

  constructor(mayBeUnreadable: boolean) {
    this.#mayBeUnreadable = mayBeUnreadable;
  }

  check(value: string, part: EnvoyPart, isComplete: boolean, path: string, found: Violations): void {
    this.#left -= value.length;
    if (this.#left < 0) return;
    const error = envoyPartError(value, part, { isComplete, mayBeUnreadable: this.#mayBeUnreadable });
    if (error !== undefined) found.add(path, `native Envoy resource is not valid: ${error}`);
  }
}

interface Modification {
  readonly name: string;
  readonly value: JsonObject;
  readonly part: EnvoyPart;
  /** Of the member that holds the modification. */
  readonly path: string;
  readonly reader: ValueReader;
  readonly found: Violations;
}

type Operation = (modification: Modification) => void;

interface Kind {
  readonly part: EnvoyPart;
  /** In the order in which messages name them. */
  readonly operations: ReadonlyMap<string, Operation>;
}

function checkModification(modification: JsonObject, path: string, reader: ValueReader, found: Violations): void {
  const names = Object.keys(KINDS).filter((name) => messageAt(modification, name) !== undefined);
  const [name = ""] = names;
  const kind = KINDS[name];
  if (names.length !== 1 || kind === undefined) {
    const count = `Currently, ${names.length} modifications are defined`;
    found.add(path, `exactly one modification can be defined at a time. ${count}`);
    return;
  }
  const value = objectAt(modification, name);
  const operation = kind.operations.get(textAt(value, "operation"));
  const kindPath = `${path}.${name}`;
  if (operation !== undefined) operation({ name, value, part: kind.part, path: kindPath, reader, found });
  else {
    const available = [...kind.operations.keys()].map((each) => `"${each}"`).join(", ");
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

const resourceOperations = (addition: Operation): Kind["operations"] =>
  new Map([
    ["Add", addition],
    ["Patch", patch],
    ["Remove", remove],
  ]);

const FILTER_OPERATIONS: Kind["operations"] = new Map([
  ["AddFirst", add],
  ["AddLast", add],
  ["AddBefore", addBeside("before")],
  ["AddAfter", addBeside("after")],
  ["Patch", patchFilter],
  ["Remove", remove],
]);

const NAME = ["name", "text"] as const;

const KINDS: Readonly<Record<string, Kind>> = {
  cluster: {
    part: { message: "envoy.config.cluster.v3.Cluster", needs: [NAME] },
    operations: resourceOperations(addResource),
  },
  listener: {
    part: { message: "envoy.config.listener.v3.Listener", needs: [] },
    operations: resourceOperations(addResource),
  },
  virtualHost: {
    part: { message: "envoy.config.route.v3.VirtualHost", needs: [NAME, ["domains", "list"]] },
    operations: resourceOperations(addVirtualHost),
  },
  networkFilter: {
    part: { message: "envoy.config.listener.v3.Filter", needs: [NAME] },
    operations: FILTER_OPERATIONS,
  },
  httpFilter: {
    part: { message: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter", needs: [NAME] },
    operations: FILTER_OPERATIONS,
  },
};
