/**
 * Rules of ZoneIngress and ZoneEgress. Paths of addresses name the address twice, as Kuma's do.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/zone_{ingress,egress}_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { addressesOverlap } from "./host.ts";
import { messageAt, numberAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkAddress, checkFlatPort } from "./primitives.ts";
import { checkTags } from "./tags.ts";

const LOOPBACK = "127.0.0.1";

export function validateZoneIngress({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const networking = objectAt(spec, "networking");
  const advertisedAddress = textAt(networking, "advertisedAddress");
  const advertisedPort = numberAt(networking, "advertisedPort");
  checkAdmin(
    networking,
    [
      ["address", "port"],
      ["advertisedAddress", "advertisedPort"],
    ],
    found,
  );
  if (advertisedAddress === "" && advertisedPort !== 0) {
    found.add("networking.advertisedAddress", "has to be defined with advertisedPort");
  }
  if (advertisedPort === 0 && advertisedAddress !== "") {
    found.add("networking.advertisedPort", "has to be defined with advertisedAddress");
  }
  for (const name of ["address", "advertisedAddress"] as const) {
    const address = textAt(networking, name);
    if (address !== "") checkAddress(address, member("networking", name), found);
  }
  checkFlatPort(numberAt(networking, "port"), "networking.port", found);
  if (advertisedPort !== 0) checkFlatPort(advertisedPort, "networking.advertisedPort", found);
  for (const [index, service] of objectsAt(spec, "availableServices").entries()) {
    const path = member(at("availableService", index), "tags");
    checkTags(textsAt(service, "tags"), path, found, { needsService: true });
  }
  return found.list;
}

export function validateZoneEgress({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const networking = objectAt(spec, "networking");
  checkAdmin(networking, [["address", "port"]], found);
  const address = textAt(networking, "address");
  if (address !== "") checkAddress(address, "networking.address", found);
  checkFlatPort(numberAt(networking, "port"), "networking.port", found);
  return found.list;
}

function checkAdmin(
  networking: JsonObject,
  sockets: readonly (readonly [address: string, port: string])[],
  found: Violations,
): void {
  const admin = messageAt(networking, "admin");
  if (admin === undefined) return;
  const port = numberAt(admin, "port");
  const isTaken = sockets.some(
    ([addressName, portName]) =>
      port === numberAt(networking, portName) && addressesOverlap(LOOPBACK, textAt(networking, addressName)),
  );
  if (isTaken) found.add("networking.admin.port", "must differ from port");
}
