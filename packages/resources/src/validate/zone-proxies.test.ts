import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { fromUser, type Row } from "../testing/violations-of.ts";

const PORT = "port must be in the range [1, 65535]";
const NO_ADDRESS = "address has to be valid IP address or domain name";
const LOCAL = { address: "127.0.0.1", port: 10_001 };

const networking = (members: JsonObject): JsonObject => ({ networking: { port: 10_001, ...members } });

/** Rules that both share. */
const sharedRows: Row[] = [
  ["address and port", networking({ address: "10.0.0.1", admin: { port: 9901 } }), []],
  ["no address", networking({}), []],
  ["nothing at all", {}, [["networking.port", PORT]]],
  ["high port", { networking: { port: 65_536 } }, [["networking.port", PORT]]],
  ["wildcard", networking({ address: "::" }), [["networking.address.address", "must not be 0.0.0.0 or ::"]]],
  ["no host name", networking({ address: "a..b" }), [["networking.address.address", NO_ADDRESS]]],
  [
    "the admin's port",
    { networking: { ...LOCAL, admin: { port: 10_001 } } },
    [["networking.admin.port", "must differ from port"]],
  ],
  ["the admin's port elsewhere", networking({ address: "10.0.0.1", admin: { port: 10_001 } }), []],
];

const ingressRows: Row[] = [
  ["advertised", networking({ advertisedAddress: "host.example", advertisedPort: 1 }), []],
  [
    "advertised port without address",
    networking({ advertisedPort: 1 }),
    [["networking.advertisedAddress", "has to be defined with advertisedPort"]],
  ],
  [
    "advertised address without port",
    networking({ advertisedAddress: "host" }),
    [["networking.advertisedPort", "has to be defined with advertisedAddress"]],
  ],
  [
    "bad advertised address and port",
    networking({ advertisedAddress: "a b", advertisedPort: 65_536 }),
    [
      ["networking.advertisedAddress.address", NO_ADDRESS],
      ["networking.advertisedPort", PORT],
    ],
  ],
  [
    "the admin's port advertised",
    networking({ advertisedAddress: "127.0.0.1", advertisedPort: 1, admin: { port: 1 } }),
    [["networking.admin.port", "must differ from port"]],
  ],
  [
    "services",
    {
      ...networking({}),
      availableServices: [{ tags: { "kuma.io/service": "a" } }, { tags: { a: "" } }],
    },
    [
      ['availableService[1].tags["a"]', "tag value must be non-empty"],
      ["availableService[1].tags", 'mandatory tag "kuma.io/service" is missing'],
    ],
  ],
];

describe.each(["ZoneIngress", "ZoneEgress"])("%s", (type) => {
  it.each(sharedRows)("%s", (_title, spec, found) => {
    expect(fromUser(type, spec)).toEqual(found);
  });
});

describe("what a ZoneIngress advertises", () => {
  it.each(ingressRows)("%s", (_title, spec, found) => {
    expect(fromUser("ZoneIngress", spec)).toEqual(found);
  });
});
