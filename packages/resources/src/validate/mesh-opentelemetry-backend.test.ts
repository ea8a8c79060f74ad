import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { fromPeer, fromUser, type Row } from "../testing/violations-of.ts";

const TYPE = "MeshOpenTelemetryBackend";
const endpoint = (members: JsonObject, protocol?: string): JsonObject => ({
  endpoint: members,
  ...(protocol === undefined ? {} : { protocol }),
});

describe(TYPE, () => {
  const rows: Row[] = [
    ["nothing", {}, []],
    ["an endpoint", endpoint({ address: "otel.example", port: 4317 }), []],
    ["an empty address", endpoint({ address: "" }), [["spec.endpoint.address", "must not be empty"]]],
    ["no host", endpoint({ address: "a b" }), [["spec.endpoint.address", "address has to be a valid IP or hostname"]]],
    ...[0, 65_536].map(
      (port): Row => [`port ${port}`, endpoint({ port }), [["spec.endpoint.port", "port must be a valid (1-65535)"]]],
    ),
    ["a path", endpoint({ path: "/v1" }, "http"), []],
    ["a path of gRPC", endpoint({ path: "/v1" }), [["spec.endpoint.path", "must not be set when protocol is grpc"]]],
    [
      "a bad path",
      endpoint({ path: "v1?a#b" }, "http"),
      [
        ["spec.endpoint.path", "must start with /"],
        ["spec.endpoint.path", "must not contain query or fragment"],
      ],
    ],
  ];
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser(TYPE, spec)).toEqual(found);
    expect(fromPeer(TYPE, spec)).toEqual(found);
  });

  it("has choices", () => {
    const spec = { protocol: "udp", env: { mode: "Odd", precedence: "Odd" } };
    expect(fromPeer(TYPE, spec)).toEqual([
      ["spec.protocol", '"protocol" must be one of ["grpc", "http"]'],
      ["spec.env.mode", '"mode" must be one of ["Disabled", "Optional", "Required"]'],
      ["spec.env.precedence", '"precedence" must be one of ["ExplicitFirst", "EnvFirst"]'],
    ]);
    expect(fromUser(TYPE, spec)).toEqual([
      ["spec.env.mode", "in body should be one of [Disabled Optional Required]"],
      ["spec.env.precedence", "in body should be one of [ExplicitFirst EnvFirst]"],
      ["spec.protocol", "in body should be one of [grpc http]"],
    ]);
  });
});
