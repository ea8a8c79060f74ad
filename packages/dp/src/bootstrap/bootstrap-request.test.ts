/** The request of a real kuma-dp beside ours: the same members, but for what this runner does not do. */
import { readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { readSettings } from "../settings/read-settings.ts";
import { DEFAULT_TRANSPARENT_PROXY } from "../settings/transparent-proxy.ts";
import { bootstrapRequest, type ProxyFacts } from "./bootstrap-request.ts";

/** OpenTelemetry and probes are not served, so nothing is announced of them. */
const NOT_OURS = new Set(["otelEnv", "appProbeProxyDisabled"]);
/** Only with a transparent proxy. */
const REDIRECTED = new Set(["dnsPort", "dataplaneConfig"]);

const recorded = readFileSync(new URL("../../../xds/testdata/bootstrap/recorded.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => (JSON.parse(line) as { readonly request: JsonObject }).request);

const FACTS: ProxyFacts = {
  mesh: "default",
  name: "web-1",
  resource: "{}",
  token: "a.b.c",
  tokenPath: "/run/dp/web-1",
  caCert: "",
  workDir: "/run/dp",
  readinessPort: 9902,
  hasLogPipe: true,
  transparentProxy: undefined,
  dnsPort: 0,
  envoy: { version: "1.40.0", build: "a/1.40.0/Clean/RELEASE/BoringSSL", isCompatible: true },
  system: { platform: "linux", hasIpv6: false, systemCaPath: "/etc/ca", memoryLimitBytes: 7, hostIp: "10.0.0.9" },
};

it("has the members of a recorded request, of the same types", () => {
  const { settings } = readSettings({ flags: { dataplaneFile: "-" }, variables: [], env: {} });
  const request = bootstrapRequest(settings, FACTS);
  for (const other of recorded) {
    const expected = Object.keys(other).filter((name) => !NOT_OURS.has(name) && !REDIRECTED.has(name));
    expect(Object.keys(request)).toEqual(expect.arrayContaining(expected));
    for (const name of expected) expect([name, shapeOf(request[name])]).toEqual([name, shapeOf(other[name])]);
  }
  expect(recorded.length).toBeGreaterThan(0);
  expect(request).toMatchObject({
    dynamicMetadata: { HOST_IP: "10.0.0.9" },
    resources: { maxHeapSizeBytes: 7 },
    features: ["feature-tcp-accesslog-via-named-pipe", "feature-strict-inbound-ports", "feature-reuse-port"],
  });
});

it("tells of redirected traffic as a recorded request does", () => {
  const { settings } = readSettings({ flags: { dataplaneFile: "-" }, variables: [], env: {} });
  const facts = { ...FACTS, transparentProxy: DEFAULT_TRANSPARENT_PROXY, dnsPort: 15_053 };
  const { dataplaneConfig, dnsPort, features } = bootstrapRequest(settings, facts);
  const other = recorded.find((request) => request["dataplaneConfig"] !== undefined);
  expect(shapesIn(dataplaneConfig)).toEqual(shapesIn(other?.["dataplaneConfig"]));
  expect(dnsPort).toBe(15_053);
  expect(features).toEqual(
    expect.arrayContaining(["feature-embedded-dns", "feature-transparent-proxy-in-dataplane-metadata"]),
  );
});

/** Types of all that is in it, by path. */
function shapesIn(value: unknown, path = ""): readonly string[] {
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, member]) => shapesIn(member, `${path}.${name}`))
    : [`${path} ${typeof value}`];
}

function shapeOf(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}
