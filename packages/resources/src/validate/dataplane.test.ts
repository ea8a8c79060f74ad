import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Found, fromUser, type Row } from "../testing/violations-of.ts";

const ADDRESS = "10.0.0.1";
const PORT = "port must be in the range [1, 65535]";
const NO_SERVICE = 'mandatory tag "kuma.io/service" is missing';
const DIFFER = "serviceAddress and servicePort has to differ from address and port";
const HINT = "Allowed values: grpc, http, http2, kafka, tcp";

const networking = (members: JsonObject): JsonObject => ({ networking: { address: ADDRESS, ...members } });
const inbound = (members: JsonObject): JsonObject => networking({ inbound: [{ port: 80, ...members }] });
const listeners = (...list: JsonObject[]): JsonObject => networking({ listeners: list });
const probes = (members: JsonObject): JsonObject => ({ ...networking({}), probes: members });
const service = { tags: { "kuma.io/service": "a" } };
const ingress = { type: "ZoneIngress", address: ADDRESS, port: 10_001 };

/** Paths of the only inbound, outbound, listener or reference. */
const at = (path: string, ...found: Found): Found => found.map(([field, reason]) => [`${path}${field}`, reason]);
const inInbound = (...found: Found): Found => at("networking.inbound[0]", ...found);
const inListener = (...found: Found): Found => at("networking.listeners[0]", ...found);

const addressRows: Row[] = [
  ["nothing", {}, [["networking", "must be defined"]]],
  ["an address alone", networking({}), []],
  ["a name for an address", { networking: { address: "host.example" } }, []],
  ["no address", { networking: {} }, [["networking.address", "address can't be empty"]]],
  ...["0.0.0.0", "::"].map(
    (address): Row => [
      `address ${address}`,
      { networking: { address } },
      [["networking.address", "must not be 0.0.0.0 or ::"]],
    ],
  ),
  ...["a..b", "a b", "..>_<..", "fe80::1%eth0"].map(
    (address): Row => [
      `address ${address}`,
      { networking: { address } },
      [["networking.address", "address has to be valid IP address or domain name"]],
    ],
  ),
];

const inboundRows: Row[] = [
  [
    "an inbound with everything",
    inbound({
      ...service,
      servicePort: 8080,
      serviceAddress: "127.0.0.1",
      protocol: "HTTP",
      serviceProbe: { interval: "10s", timeout: "2s", unhealthyThreshold: 3, healthyThreshold: 1, tcp: {} },
    }),
    [],
  ],
  ["no port", inbound({ port: 0 }), inInbound([".port", PORT])],
  ["high ports", inbound({ port: 65_536, servicePort: 65_536 }), inInbound([".port", PORT], [".servicePort", PORT])],
  [
    "a name for the service",
    inbound({ serviceAddress: "localhost" }),
    inInbound([".serviceAddress", "serviceAddress has to be valid IP address"]),
  ],
  ["a name to listen on", inbound({ address: "host" }), inInbound([".address", "address has to be valid IP address"])],
  ["the service is the proxy", inbound({ serviceAddress: ADDRESS }), inInbound([".serviceAddress", DIFFER])],
  [
    "the service is the inbound",
    inbound({ address: "10.0.0.2", serviceAddress: "10.0.0.2", servicePort: 80 }),
    inInbound([".serviceAddress", DIFFER]),
  ],
  ["the service has a port of its own", inbound({ serviceAddress: ADDRESS, servicePort: 81 }), []],
  [
    "an unknown protocol in the tags",
    inbound({ tags: { "kuma.io/service": "a", "kuma.io/protocol": "smoke" } }),
    inInbound(['.tags["kuma.io/protocol"]', `tag "kuma.io/protocol" has an invalid value "smoke". ${HINT}`]),
  ],
  [
    "an unknown protocol",
    inbound({ protocol: "smoke" }),
    inInbound([".protocol", `has an invalid value "smoke". ${HINT}`]),
  ],
  ["tags without service", inbound({ tags: { a: "b" } }), inInbound(['.tags["kuma.io/service"]', "tag has to exist"])],
  [
    "bad tags",
    inbound({ tags: { "kuma.io/service": "", "a b": "a/b" } }),
    inInbound(
      ['.tags["a b"]', "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores"],
      ['.tags["a b"]', "tag value must consist of alphanumeric characters, dots, dashes and underscores"],
      ['.tags["kuma.io/service"]', "tag value must be non-empty"],
    ),
  ],
  [
    "a probe that never probes",
    inbound({ serviceProbe: { interval: "0s", timeout: "0s", unhealthyThreshold: 0, healthyThreshold: 0 } }),
    inInbound(
      ...["interval", "timeout", "unhealthyThreshold", "healthyThreshold"].map(
        (name) => [`.serviceProbe.${name}`, "must have a positive value"] as const,
      ),
    ),
  ],
];

const adminRows: Row[] = [
  ["a port of its own", networking({ admin: { port: 9901 }, inbound: [{ port: 80 }] }), []],
  [
    "the port of an inbound on loopback",
    networking({ admin: { port: 80 }, inbound: [{ port: 80, address: "127.0.0.1" }] }),
    [["networking.admin.port", "must differ from inbound"]],
  ],
  [
    "the port of an application on loopback",
    networking({ admin: { port: 8080 }, inbound: [{ port: 80, servicePort: 8080, serviceAddress: "127.0.0.1" }] }),
    [["networking.admin.port", "must differ from inbound"]],
  ],
  ["the port of an inbound elsewhere", networking({ admin: { port: 80 }, inbound: [{ port: 80 }] }), []],
  [
    "the port of an outbound",
    networking({ admin: { port: 81 }, outbound: [{ port: 81, ...service }] }),
    [["networking.admin.port", "must differ from outbound"]],
  ],
];

const gatewayRows: Row[] = [
  ["a delegated gateway", networking({ gateway: service, outbound: [{ port: 81, ...service }] }), []],
  ["a gateway without tags", networking({ gateway: {} }), []],
  [
    "a delegated gateway with too much",
    networking({ gateway: { ...service, type: "DELEGATED" }, inbound: [{ port: 80 }], listeners: [ingress] }),
    [
      ["networking.inbound", "inbound cannot be defined for delegated gateways"],
      ["networking.listeners", "listeners cannot be defined for delegated gateways"],
    ],
  ],
  [
    "a builtin gateway with too much",
    {
      ...networking({
        gateway: { ...service, type: "BUILTIN" },
        inbound: [{ port: 80 }],
        outbound: [{ port: 81, ...service }],
        listeners: [ingress],
      }),
      probes: { port: 9000 },
    },
    [
      ["networking.inbound", "inbound cannot be defined for builtin gateways"],
      ["networking.outbound", "outbound cannot be defined for builtin gateways"],
      ["networking.listeners", "listeners cannot be defined for builtin gateways"],
      ["networking.probes", "probes cannot be defined for builtin gateways"],
    ],
  ],
  [
    "a gateway without service",
    networking({ gateway: { tags: { a: "b" } } }),
    [["networking.gateway.tags", NO_SERVICE]],
  ],
  [
    "a gateway of a protocol",
    networking({ gateway: { tags: { ...service.tags, "kuma.io/protocol": "http" } } }),
    [['networking.gateway.tags["kuma.io/protocol"]', 'other values than tcp are not allowed, provided value "http"']],
  ],
];

const listenerRows: Row[] = [
  [
    "two listeners",
    listeners({ ...ingress, name: "a" }, { ...ingress, type: "ZoneEgress", port: 10_002, name: "b" }),
    [],
  ],
  [
    "nothing but a listener",
    listeners({}),
    inListener(
      [".type", "type must be ZoneIngress or ZoneEgress"],
      [".address", "address can't be empty"],
      [".port", PORT],
    ),
  ],
  [
    "the name of an inbound",
    networking({ inbound: [{ port: 80, name: "http" }, { port: 81 }], listeners: [{ ...ingress, name: "81" }] }),
    inListener([".name", 'name "81" must be unique across inbounds and listeners']),
  ],
  [
    "the same twice",
    listeners(ingress, ingress),
    [["networking.listeners[1]", `address:port ${ADDRESS}:10001 is already used by another listener`]],
  ],
  [
    "ingress and egress at one port",
    listeners(ingress, { ...ingress, type: "ZoneEgress" }),
    [["networking.listeners[1]", `address:port ${ADDRESS}:10001 is used by listeners of different types`]],
  ],
  [
    "the port of an inbound",
    networking({ inbound: [{ port: 10_001 }], listeners: [ingress] }),
    inListener(["", `address:port ${ADDRESS}:10001 collides with an inbound listener`]),
  ],
];

const otherRows: Row[] = [
  ["probes", probes({ port: 9000, endpoints: [{ inboundPort: 80, inboundPath: "/a", path: "/b" }] }), []],
  [
    "bad probes",
    probes({ endpoints: [{ inboundPath: "a" }] }),
    [
      ["probes.port", PORT],
      ["probes.endpoints[0].inboundPort", PORT],
      ["probes.endpoints[0].inboundPath", "should be a valid URL Path"],
      ["probes.endpoints[0].path", "should be a valid URL Path"],
    ],
  ],
  [
    "metrics of an unknown type",
    { ...networking({}), metrics: { type: "smoke" } },
    [["metrics.type", 'unknown backend type. Available backends: "prometheus"']],
  ],
  [
    "bad metrics",
    { ...networking({}), metrics: { type: "prometheus", conf: { skipMTLS: true, tls: {} } } },
    [["metrics.conf", "skipMTLS and tls configuration cannot be defined together"]],
  ],
  ["bad metrics of a gateway", { ...networking({ gateway: service }), metrics: { type: "smoke" } }, []],
];

const tables = { addressRows, inboundRows, adminRows, gatewayRows, listenerRows, otherRows };

describe.each(Object.entries(tables))("%s", (_name, rows) => {
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("Dataplane", spec)).toEqual(found);
  });
});
