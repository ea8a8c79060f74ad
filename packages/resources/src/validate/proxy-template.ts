/** Rules of a ProxyTemplate. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/proxytemplate_validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { ENVOY_PARTS, type EnvoyModification, EnvoyValueReader } from "./envoy-value.ts";
import { CANNOT_BE_EMPTY } from "./flat-amounts.ts";
import { goQuote } from "./go-quote.ts";
import { listAt, messageAt, objectAt, objectsAt, textAt } from "./json-access.ts";
import { checkSelectors, SERVICE_AND_MORE } from "./selectors.ts";

/** What a template may start from. */
const PROFILES = ["default-proxy", "egress-proxy", "gateway-proxy", "ingress-proxy"];
const NOT_DEFINABLE = "cannot be defined";

export function validateProxyTemplate({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "selectors", { ...SERVICE_AND_MORE, isOptional: true }, found);
  const conf = objectAt(spec, "conf");
  const reader = new EnvoyValueReader();
  for (const [index, profile] of (listAt(conf, "imports") ?? []).entries()) {
    const field = at("conf.imports", index);
    if (profile === "") found.add(field, CANNOT_BE_EMPTY);
    else if (!PROFILES.some((known) => known === profile)) {
      found.add(field, `profile not found. Available profiles: ${PROFILES.join(",")}`);
    }
  }
  for (const [index, resource] of objectsAt(conf, "resources").entries()) {
    const path = at("conf.resources", index);
    for (const name of ["name", "version", "resource"]) {
      if (textAt(resource, name) === "") found.add(`${path}.${name}`, CANNOT_BE_EMPTY);
    }
    const text = textAt(resource, "resource");
    if (text !== "") reader.check(text, undefined, true, `${path}.resource`, found);
  }
  for (const [index, modification] of objectsAt(conf, "modifications").entries()) {
    checkModification(modification, at("conf.modifications", index), reader, found);
  }
  return found.list;
}

type Operation = (modification: EnvoyModification) => void;

/** One without a kind changes nothing and is fine. */
function checkModification(modification: JsonObject, path: string, reader: EnvoyValueReader, found: Violations): void {
  for (const [name, operations] of Object.entries(OPERATIONS)) {
    const value = messageAt(modification, name);
    const part = ENVOY_PARTS[name];
    if (value === undefined || part === undefined) continue;
    const operation = operations.get(textAt(value, "operation"));
    if (operation !== undefined) operation({ value, part, path: `${path}.${name}`, reader, found });
    else {
      const available = [...operations.keys()].map(goQuote).join(", ");
      found.add(`${path}.${name}.operation`, `invalid operation. Available operations: ${available}`);
    }
  }
}

const readAs =
  (isComplete: boolean): Operation =>
  ({ value, part, path, reader, found }) =>
    reader.check(textAt(value, "value"), part, isComplete, `${path}.value`, found);

const add = readAs(true);
const patch = readAs(false);
const remove: Operation = () => {};

/** What is added is new, so there is nothing to match. */
const addResource: Operation = (modification) => {
  if (messageAt(modification.value, "match") !== undefined) {
    modification.found.add(`${modification.path}.match`, NOT_DEFINABLE);
  }
  add(modification);
};

/** It is added to the routes that match. */
const addVirtualHost: Operation = (modification) => {
  if (matchedName(modification) !== "") modification.found.add(`${modification.path}.match.name`, NOT_DEFINABLE);
  add(modification);
};

const withName =
  (operation: Operation, reason: string): Operation =>
  (modification) => {
    if (matchedName(modification) === "") modification.found.add(`${modification.path}.match.name`, reason);
    operation(modification);
  };

const matchedName = ({ value }: EnvoyModification): string => textAt(objectAt(value, "match"), "name");

const resourceOperations = (addition: Operation): ReadonlyMap<string, Operation> =>
  new Map([
    ["add", addition],
    ["patch", patch],
    ["remove", remove],
  ]);

const beside = (place: string): string =>
  `${CANNOT_BE_EMPTY}. You need to pick a filter ${place} which this one will be added`;

const FILTER_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ["addFirst", add],
  ["addLast", add],
  ["addBefore", withName(add, beside("before"))],
  ["addAfter", withName(add, beside("after"))],
  ["patch", withName(patch, CANNOT_BE_EMPTY)],
  ["remove", remove],
]);

/** By kind of modification, in the order in which messages name them. */
const OPERATIONS: Readonly<Record<string, ReadonlyMap<string, Operation>>> = {
  cluster: resourceOperations(addResource),
  listener: resourceOperations(addResource),
  networkFilter: FILTER_OPERATIONS,
  httpFilter: FILTER_OPERATIONS,
  virtualHost: resourceOperations(addVirtualHost),
};
