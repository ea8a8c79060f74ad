import type { JsonObject } from "@isthmus/std";
import { type ProxyCandidate, readNodeMetadata } from "@isthmus/xds";
import { expect, it } from "vitest";
import { listenPlaces, placeText } from "./listen-places.ts";

const tags = { "kuma.io/service": "web" };
const [REMOTE, LOCAL, LOCAL_6] = ["10.0.0.1:40000", "127.0.0.1:40000", "::1:40000"];

function placesOf(type: string, networking: JsonObject, { peer = REMOTE, isBrought = true, port = "9901" } = {}) {
  const metadata = readNodeMetadata({
    "dataplane.admin.port": port,
    ...(isBrought ? { "dataplane.resource": "{}" } : {}),
  });
  const resource = { type, mesh: "default", name: "web", labels: {}, spec: { networking } };
  const meta = { creationTime: "", modificationTime: "", version: 1 };
  const places = listenPlaces({ ...resource, ...meta }, {
    metadata,
    peer,
  } as Partial<ProxyCandidate> as ProxyCandidate);
  return places === undefined ? undefined : [places.admin, ...places.traffic].map(placeText);
}

it.each<[string, string, JsonObject, Parameters<typeof placesOf>[2], readonly string[] | undefined]>([
  [
    "each inbound, at its own address, not the one of the workload or the advertised one",
    "Dataplane",
    {
      address: "10.0.0.1",
      advertisedAddress: "192.0.2.1",
      inbound: [
        { port: 80, servicePort: 8080, serviceAddress: "127.0.0.1", tags },
        { port: 81, address: "10.0.0.2", tags },
      ],
    },
    {},
    ["10.0.0.1:9901", "10.0.0.1:80", "10.0.0.2:81"],
  ],
  [
    "inbounds behind a redirection, which answers in their place",
    "Dataplane",
    {
      address: "fd00::1",
      inbound: [{ port: 80, tags }],
      transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 },
    },
    {},
    ["[fd00::1]:9901", "[fd00::1]:80"],
  ],
  [
    "listeners of a zone proxy that brings them",
    "Dataplane",
    { address: "10.0.0.1", listeners: [{ type: "ZoneEgress", port: 10_002 }] },
    {},
    ["10.0.0.1:9901", "10.0.0.1:10002"],
  ],
  [
    "no such listeners where nobody would make them ready again",
    "Dataplane",
    { address: "10.0.0.1", listeners: [{ type: "ZoneEgress", port: 10_002 }] },
    { isBrought: false },
    undefined,
  ],
  [
    "a zone ingress where it listens, not where it is advertised",
    "ZoneIngress",
    { address: "10.0.0.1", port: 10_001, advertisedAddress: "192.0.2.1", advertisedPort: 443 },
    {},
    ["10.0.0.1:9901", "10.0.0.1:10001"],
  ],
  ["a zone egress", "ZoneEgress", { address: "10.0.0.1", port: 10_002 }, {}, ["10.0.0.1:9901", "10.0.0.1:10002"]],
  ["a gateway, which nobody is sent to", "Dataplane", { address: "10.0.0.1", gateway: { tags } }, {}, undefined],
  ["a host name", "Dataplane", { address: "web.local", inbound: [{ port: 80, tags }] }, {}, undefined],
  ["no admin port", "Dataplane", { address: "10.0.0.1", inbound: [{ port: 80, tags }] }, { port: "" }, undefined],
  [
    "a port that is none",
    "Dataplane",
    { address: "10.0.0.1", inbound: [{ port: 80, tags }] },
    { port: "65536" },
    undefined,
  ],
  ["every address", "Dataplane", { address: "0.0.0.0", inbound: [{ port: 80, tags }] }, {}, undefined],
  ["loopback of another machine", "Dataplane", { address: "127.0.0.1", inbound: [{ port: 80, tags }] }, {}, undefined],
  [
    "loopback of this machine",
    "Dataplane",
    { address: "127.0.0.1", inbound: [{ port: 80, tags }] },
    { peer: LOCAL },
    ["127.0.0.1:9901", "127.0.0.1:80"],
  ],
  [
    "loopback of this machine in IPv6",
    "Dataplane",
    { address: "::1", inbound: [{ port: 80, tags }] },
    { peer: LOCAL_6 },
    ["[::1]:9901", "[::1]:80"],
  ],
  ["nonsense", "Dataplane", { address: 5, inbound: "no" }, {}, undefined],
])("asks at the admin port, and at: %s", (_, type, networking, how, expected) => {
  expect(placesOf(type, networking, how)).toEqual(expected);
});
