/**
 * Rules of the listeners that make a Dataplane a zone ingress or egress of its mesh.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_validator.go `validateListeners`.
 */
import type { JsonObject } from "@isthmus/std";
import { at, member, type Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { enumAt, numberAt, objectsAt, textAt } from "./json-access.ts";
import { checkAddress, checkFlatPort } from "./primitives.ts";

const NO_TYPE = "Unspecified";

export function checkListeners(networking: JsonObject, found: Violations): void {
  const inbounds = objectsAt(networking, "inbound");
  const names = new Set(inbounds.map(sectionName));
  const inboundSockets = new Set(
    inbounds.map((inbound) => socket(textAt(inbound, "address") || textAt(networking, "address"), inbound)),
  );
  const typeOfSocket = new Map<string, string>();
  for (const [index, listener] of objectsAt(networking, "listeners").entries()) {
    const path = at("networking.listeners", index);
    const type = enumAt(listener, "type", NO_TYPE);
    if (type === NO_TYPE) found.add(member(path, "type"), "type must be ZoneIngress or ZoneEgress");
    const address = textAt(listener, "address");
    checkAddress(address, path, found);
    checkFlatPort(numberAt(listener, "port"), member(path, "port"), found);
    checkUnique(textAt(listener, "name"), names, path, found);
    const used = socket(address, listener);
    const other = typeOfSocket.get(used);
    if (other === type) found.add(path, `address:port ${used} is already used by another listener`);
    else if (other !== undefined) found.add(path, `address:port ${used} is used by listeners of different types`);
    else typeOfSocket.set(used, type);
    if (inboundSockets.has(used)) found.add(path, `address:port ${used} collides with an inbound listener`);
  }
}

/** How policies and messages name an inbound or a listener. */
export function sectionName(section: JsonObject): string {
  return textAt(section, "name") || String(numberAt(section, "port"));
}

function checkUnique(name: string, taken: Set<string>, path: string, found: Violations): void {
  if (name === "") return;
  if (taken.has(name)) {
    found.add(member(path, "name"), `name ${goQuote(name)} must be unique across inbounds and listeners`);
  }
  taken.add(name);
}

const socket = (address: string, section: JsonObject): string => `${address}:${numberAt(section, "port")}`;
