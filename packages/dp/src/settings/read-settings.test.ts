import { describe, expect, it } from "vitest";
import { DP_OPTIONS, variablesOf } from "./options.ts";
import { readSettings, type SettingSources } from "./read-settings.ts";

const read = (sources: Partial<SettingSources>) => readSettings({ flags: {}, variables: [], env: {}, ...sources });

describe("settings of a proxy", () => {
  it("are kuma-dp's where nothing is said", () => {
    const { settings, problems } = read({ flags: { dataplaneFile: "web.yaml" } });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      controlPlane: new URL("https://localhost:5678"),
      retryBackoffMs: 3_000,
      retryMaxMs: 300_000,
      proxyType: "dataplane",
      drainTimeMs: 30_000,
      readinessPort: 9902,
      binaryPath: "envoy",
      concurrency: 0,
      envoyLogLevel: "info",
      hasStrictInboundPorts: true,
      reusesPorts: true,
      isDelta: false,
    });
  });

  it("come from flags before variables of ours before those of Kuma", () => {
    const env = {
      KUMA_DATAPLANE_NAME: "kuma",
      ISTHMUS_DATAPLANE_NAME: "isthmus",
      KUMA_DATAPLANE_MESH: "mesh",
      KUMA_DATAPLANE_DRAIN_TIME: "5s",
    };
    expect(read({ env }).settings).toMatchObject({ name: "isthmus", mesh: "mesh", drainTimeMs: 5_000 });
    expect(read({ env, flags: { name: "flag", drainTime: "1m" } }).settings).toMatchObject({
      name: "flag",
      drainTimeMs: 60_000,
    });
  });

  it("are all named with the flag or variable when they are wrong", () => {
    const { problems } = read({
      flags: { proxyType: "gateway", drainTime: "30", skipVerify: "maybe", readinessPort: "70000", dnsEnabled: "on" },
      env: { KUMA_CONTROL_PLANE_URL: "localhost:5678", KUMA_DATAPLANE_RUNTIME_CONCURRENCY: "-1" },
      variables: ["address"],
    });
    expect([...problems].sort()).toEqual([
      "--dataplane-var address: expected name=value",
      '--dns-enabled: "on" is neither true nor false',
      '--drain-time: time: missing unit in duration "30", such as 30s or 1m30s',
      "--mesh: missing beside --name",
      "--name: missing: give a name, or a resource with --dataplane-file",
      '--proxy-type: "gateway" is none of dataplane, ingress, egress',
      '--readiness-port: "70000" is no whole number from 0 to 65535',
      '--skip-verify: "maybe" is neither true nor false',
      'KUMA_CONTROL_PLANE_URL: "localhost:5678" is no address that begins with http:// or https://',
      'KUMA_DATAPLANE_RUNTIME_CONCURRENCY: "-1" is no whole number from 0 to 1024',
    ]);
  });

  it("take one way to say who the proxy is, and one for its token", () => {
    const flags = { dataplane: "{}", dataplaneFile: "-", name: "web-1", token: "a", tokenFile: "b" };
    expect(read({ flags }).problems).toEqual([
      "--dataplane: given together with --dataplane-file",
      "--dataplane-token: given together with --dataplane-token-file",
      "--name: the resource that is given has a name and a mesh of its own",
    ]);
    expect(read({ flags: { name: "ingress-1", proxyType: "ingress" } }).problems).toEqual([]);
  });

  it("have one name each", () => {
    const options = Object.values(DP_OPTIONS);
    const names = options.map(({ name }) => name);
    const variables = options.flatMap(variablesOf);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(variables).size).toBe(variables.length);
  });
});
