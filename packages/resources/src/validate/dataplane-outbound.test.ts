import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Found, fromUser, type Row } from "../testing/violations-of.ts";

const PORT = "port must be in the range [1, 65535]";
const NO_SERVICE = 'mandatory tag "kuma.io/service" is missing';
const KINDS = "invalid value. Available values are: MeshExternalService,MeshMultiZoneService,MeshService";

const networking = (members: JsonObject): JsonObject => ({ networking: { address: "10.0.0.1", ...members } });
const outbound = (members: JsonObject): JsonObject =>
  networking({ outbound: [{ port: 81, tags: { "kuma.io/service": "b" }, ...members }] });
const toBackend = (backendRef: JsonObject): JsonObject => networking({ outbound: [{ port: 81, backendRef }] });
const reachable = (ref: JsonObject): JsonObject =>
  networking({ transparentProxying: { reachableBackends: { refs: [ref] } } });

/** Paths of the only outbound or reference. */
const at = (path: string, ...found: Found): Found => found.map(([field, reason]) => [`${path}${field}`, reason]);
const inOutbound = (...found: Found): Found => at("networking.outbound[0]", ...found);
const inRef = (...found: Found): Found => at("networking.transparentProxing.reachableBackends.refs[0]", ...found);

const outboundRows: Row[] = [
  ["an outbound", outbound({ address: "127.0.0.2" }), []],
  ["no port", outbound({ port: 0 }), inOutbound([".port", PORT])],
  [
    "a name to listen on",
    outbound({ address: "host" }),
    inOutbound([".address", "address has to be valid IP address"]),
  ],
  ["no destination", outbound({ tags: {} }), inOutbound([".tags", NO_SERVICE])],
  ["tags without service", outbound({ tags: { a: "b" } }), inOutbound([".tags", NO_SERVICE])],
  ["a backend", toBackend({ kind: "MeshService", name: "b", port: 80 }), []],
  ["a backend by labels", toBackend({ kind: "MeshMultiZoneService", labels: { a: "b" }, port: 80 }), []],
  ["an external service needs no port", toBackend({ kind: "MeshExternalService", name: "b" }), []],
  ["an unknown kind", toBackend({ kind: "Mesh", name: "b", port: 1 }), inOutbound([".backendRef.kind", KINDS])],
  [
    "a backend without name and port",
    toBackend({ kind: "MeshService" }),
    inOutbound([".backendRef", "either 'name' or 'labels' should be specified"], [".backendRef.port", PORT]),
  ],
  [
    "tags and backend",
    outbound({ backendRef: { kind: "MeshService", name: "b", port: 80 } }),
    inOutbound([".backendRef", "both backendRef and tags/service cannot be defined"]),
  ],
];

const reachableRows: Row[] = [
  ["a reachable backend", reachable({ kind: "MeshService", name: "b", namespace: "ns", port: 80 }), []],
  ["reachable backends by labels", reachable({ kind: "MeshService", labels: { a: "b" } }), []],
  ["no reachable backends", networking({ transparentProxying: { reachableBackends: {} } }), []],
  ["a reachable unknown kind", reachable({ kind: "Mesh", name: "b" }), inRef([".kind", KINDS])],
  ["nothing to reach", reachable({ kind: "MeshService" }), inRef([".name", "name or labels are required"])],
  [
    "a namespace alone",
    reachable({ kind: "MeshService", namespace: "ns" }),
    inRef([".name", "name is required, when namespace is defined"]),
  ],
  [
    "name and labels",
    reachable({ kind: "MeshService", name: "b", labels: { a: "b" } }),
    inRef([".labels", "labels cannot be defined when name is specified"]),
  ],
  [
    "a bad name",
    reachable({ kind: "MeshService", name: "B_" }),
    inRef([
      ".name",
      "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    ]),
  ],
  [
    "a long name",
    reachable({ kind: "MeshService", name: "b".repeat(254) }),
    inRef([".name", "value length must less or equal 253"]),
  ],
];

describe.each(Object.entries({ outboundRows, reachableRows }))("%s", (_name, rows) => {
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("Dataplane", spec)).toEqual(found);
  });
});
