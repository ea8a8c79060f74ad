import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { fromPeer, fromUser, type Row } from "../testing/violations-of.ts";

const SPEC_PORT = "port must be a valid (1-65535)";

const external = (members: JsonObject): JsonObject => ({ match: { port: 80, protocol: "tcp" }, ...members });
const endpoint = (members: JsonObject): JsonObject =>
  external({ endpoints: [{ address: "a.b", port: 1, ...members }] });
const tls = (members: JsonObject): JsonObject => external({ tls: members });
const verification = (members: JsonObject): JsonObject => tls({ verification: members });

describe("MeshExternalService", () => {
  const rows: Row[] = [
    ["no endpoints", external({}), []],
    [
      "endpoints",
      external({
        endpoints: [
          { address: "::1", port: 1 },
          { address: "a_b.c", port: 65_535, priority: 128 },
        ],
      }),
      [],
    ],
    ...["unix:///x", "a b", "fe80::1%eth0"].map(
      (address): Row => [
        `address ${address}`,
        endpoint({ address }),
        [["spec.endpoints[0].address", "address has to be a valid IP or hostname"]],
      ],
    ),
    ["TLS", tls({ enabled: true, version: { min: "TLS12", max: "TLS13" } }), []],
    [
      "TLS bounds the wrong way round",
      tls({ version: { min: "TLS13", max: "TLS12" } }),
      [["spec.tls.version.min", "min version must be lower than max"]],
    ],
    ["TLS bounds of which one is open", tls({ version: { min: "TLS13", max: "TLSAuto" } }), []],
    [
      "bad server name",
      verification({ serverName: "10.0.0.1" }),
      [["spec.tls.verification.serverName", "must be a valid DNS name"]],
    ],
    [
      "certificate without key",
      verification({ clientCert: { secret: "a" } }),
      [["spec.tls.verification.clientKey", "must be defined when clientCert is defined"]],
    ],
    [
      "key without certificate",
      verification({ clientKey: {} }),
      [["spec.tls.verification.clientCert", "must be defined when clientKey is defined"]],
    ],
    ["an empty extension", external({ extension: { type: "" } }), [["spec.extension.type", "must not be empty"]]],
    [
      "an extension, to which the rest is left",
      external({ extension: { type: "x", config: { any: [1] } }, endpoints: [{ address: "unix://x", port: 1 }] }),
      [],
    ],
  ];
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("MeshExternalService", spec)).toEqual(found);
    expect(fromPeer("MeshExternalService", spec)).toEqual(found);
  });

  const twoForms: [title: string, spec: JsonObject, peer: Row[2], user: Row[2]][] = [
    [
      "match",
      { match: { type: "Odd", port: 65_536, protocol: "kafka" } },
      [
        ["spec.match.type", "unrecognized type 'Odd' - only 'HostnameGenerator' is supported"],
        ["spec.match.port", SPEC_PORT],
        ["spec.match.protocol", '"protocol" must be one of ["tcp", "grpc", "http", "http2"]'],
      ],
      [
        ["spec.match.port", "in body should be less than or equal to 65535"],
        ["spec.match.protocol", "in body should be one of [tcp grpc http http2]"],
        ["spec.match.type", "in body should be one of [HostnameGenerator]"],
      ],
    ],
    [
      "port of an endpoint",
      endpoint({ port: 0 }),
      [["spec.endpoints[0].port", SPEC_PORT]],
      [["spec.endpoints[0].port", "in body should be greater than or equal to 1"]],
    ],
    [
      "priority of an endpoint",
      endpoint({ priority: 129 }),
      [["spec.endpoints[0].priority", "in body should be less than or equal to 128"]],
      [["spec.endpoints[0].priority", "in body should be less than or equal to 128"]],
    ],
    [
      "versions of TLS",
      tls({ version: { min: "SSL3", max: "TLS14" } }),
      ["min", "max"].map((name) => [
        `spec.tls.version.${name}`,
        `"${name}" must be one of ["TLSAuto", "TLS10", "TLS11", "TLS12", "TLS13"]`,
      ]),
      ["max", "min"].map((name) => [
        `spec.tls.version.${name}`,
        "in body should be one of [TLSAuto TLS10 TLS11 TLS12 TLS13]",
      ]),
    ],
    [
      "verification",
      verification({ mode: "Odd", subjectAltNames: [{ type: "Odd", value: "a" }] }),
      [
        ["spec.tls.verification.mode", '"mode" must be one of ["SkipSAN", "SkipCA", "SkipAll", "Secured"]'],
        ["spec.tls.verification.subjectAltNames[0].type", '"type" must be one of ["Prefix", "Exact"]'],
      ],
      [
        ["spec.tls.verification.mode", "in body should be one of [SkipSAN SkipCA Secured SkipAll]"],
        ["spec.tls.verification.subjectAltNames[0].type", "in body should be one of [Exact Prefix]"],
      ],
    ],
  ];
  it.each(twoForms)("%s, for peers and for users", (_title, spec, peer, user) => {
    expect(fromPeer("MeshExternalService", spec)).toEqual(peer);
    expect(fromUser("MeshExternalService", spec)).toEqual(user);
  });
});
