import { describe, expect, it } from "vitest";
import { mergeUserMessage, readUserMessage } from "./user-message.ts";

const CLUSTER = "envoy.config.cluster.v3.Cluster";

describe("messages that users write", () => {
  it("are read in both spellings", () => {
    expect(readUserMessage(CLUSTER, { name: "x", connect_timeout: "5s", lbPolicy: "RANDOM" })).toEqual({
      ok: true,
      value: { name: "x", connectTimeout: "5s", lbPolicy: "RANDOM" },
    });
  });

  it("are refused with the member that is wrong", () => {
    expect(readUserMessage(CLUSTER, { nam: "x" })).toMatchObject({ ok: false, error: expect.stringContaining("nam") });
    expect(readUserMessage(CLUSTER, ["x"])).toMatchObject({ ok: false });
    expect(readUserMessage("envoy.None", {})).toEqual({ ok: false, error: "unknown type envoy.None" });
  });

  it("merge as protobuf does, but for durations", () => {
    const base = {
      name: "x",
      type: "STATIC",
      connectTimeout: "1.5s",
      circuitBreakers: { thresholds: [{ maxRetries: 1 }] },
      commonLbConfig: { healthyPanicThreshold: { value: 10 }, closeConnectionsOnHostSetChange: true },
      metadata: { filterMetadata: { a: { one: 1 }, b: { two: 2 } } },
      respectDnsTtl: true,
    };
    const patch = {
      clusterType: { name: "envoy.clusters.aggregate" },
      connectTimeout: "2s",
      circuitBreakers: { thresholds: [{ maxRetries: 2 }] },
      commonLbConfig: { healthyPanicThreshold: { value: 20 } },
      metadata: { filterMetadata: { b: { three: 3 } } },
    };
    expect(mergeUserMessage(CLUSTER, base, patch)).toEqual({
      ok: true,
      value: {
        name: "x",
        clusterType: { name: "envoy.clusters.aggregate" },
        connectTimeout: "2s",
        circuitBreakers: { thresholds: [{ maxRetries: 1 }, { maxRetries: 2 }] },
        commonLbConfig: { healthyPanicThreshold: { value: 20 }, closeConnectionsOnHostSetChange: true },
        metadata: { filterMetadata: { a: { one: 1 }, b: { three: 3 } } },
        respectDnsTtl: true,
      },
    });
  });

  it("carry extensions that have no generated code", () => {
    const unknown = { name: "x", typedConfig: { "@type": "type.googleapis.com/envoy.none.v9.None" } };
    const filter = "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter";
    const known = {
      name: "x",
      typedConfig: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
        filterEnabled: {},
      },
    };
    expect(readUserMessage(filter, known)).toEqual({ ok: true, value: known });
    expect(readUserMessage(filter, unknown)).toMatchObject({ ok: false });
  });
});
