/** Bug hypothesis: some deep or long text exhausts the stack, or takes time that grows faster than the text. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { decodeSpec } from "./kds-codec.ts";
import { labelViolations } from "./label-rules.ts";
import { parseResource } from "./rest-codec.ts";
import { fromUser, typeNamed } from "./testing/violations-of.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { goRegexpError } from "./validate/go-regexp.ts";
import { parseTemplate, renderTemplate } from "./validate/go-template.ts";
import { pemBlocks } from "./validate/pem.ts";
import { validateResource } from "./validate-resource.ts";

const TIMES = 50_000;

describe("deep and long input ends soon", () => {
  it.each(builtinTypes.map((type) => [type.name, type] as const))("%s nested deeply", (_name, type) => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"spec":', "}"],
      ['{"networking":', "}"],
    ] as const) {
      const document = `{"spec":${open.repeat(TIMES)}1${close.repeat(TIMES)}}`;
      expect(parseResource(type, document)).toMatchObject({ ok: false, error: { kind: "malformed" } });
      expect(decodeSpec(type, "", Buffer.from(document)).ok).toBe(false);
    }
  });

  const long = [
    "{{",
    "{{(",
    "{{if .Name}}",
    "{{with .}}",
    "{{ .Name |",
    '{{ "',
    "(",
    "[",
    "(?:",
    "a{1000}",
    "-",
    "a-",
    "a.",
    "\\",
    "-----BEGIN A-----\n",
  ];
  it.each(long)("%j many times", (part) => {
    for (const given of [part.repeat(TIMES), `a${part.repeat(TIMES)}!`]) {
      const template = parseTemplate(given);
      if (template.ok) renderTemplate(template.value, { fields: { Name: "a" }, label: () => "b" });
      goRegexpError(given);
      pemBlocks(given);
      const parsed = parseResource(
        typeNamed("HostnameGenerator"),
        { type: "HostnameGenerator", name: "a", spec: { selector: { meshService: {} }, template: given } },
        { validate: { mode: "zone" } },
      );
      expect(parsed.ok).toBe(false);
    }
  });

  it.each([
    ["Secret", true, { data: "AAAA".repeat(2_000_000) }],
    ["GlobalSecret", true, { data: "AAAA".repeat(2_000_000) }],
    ["HostnameGenerator", false, { spec: { template: "a.".repeat(4_000_000) } }],
    ["HostnameGenerator", false, { spec: { template: "{{.Name}}".repeat(400_000) } }],
  ])("megabytes in one text of a %s", (name, isValid, members) => {
    const document = { type: name, name: "a", mesh: "default", ...members };
    expect(parseResource(typeNamed(name), document, { validate: { mode: "global" } }).ok).toBe(isValid);
  });

  const route = (rule: JsonObject): JsonObject => ({
    to: [{ targetRef: { kind: "MeshService", name: "a" }, rules: [{ matches: [], default: {}, ...rule }] }],
  });
  const redirect = (hostname: string): JsonObject =>
    route({ default: { filters: [{ type: "RequestRedirect", requestRedirect: { hostname } }] } });
  const check = (conf: JsonObject): JsonObject => ({
    to: [{ targetRef: { kind: "Mesh" }, default: { tcp: {}, ...conf } }],
  });
  const panic = (healthyPanicThreshold: string): JsonObject => check({ healthyPanicThreshold });
  const permission = (match: JsonObject): JsonObject => ({ rules: [{ default: { allow: [match] } }] });
  const fault = (conf: JsonObject): JsonObject => ({
    targetRef: { kind: "Dataplane" },
    rules: [{ default: { http: [conf] } }],
  });
  const log = (backend: JsonObject): JsonObject => ({ rules: [{ default: { backends: [backend] } }] });
  const patch = (value: string): JsonObject => ({
    default: { appendModifications: [{ cluster: { operation: "Patch", value } }] },
  });
  const policies: [type: string, part: string, spec: (text: string) => JsonObject][] = [
    ["MeshHTTPRoute", "0", redirect],
    ["MeshHTTPRoute", "a-", redirect],
    ["MeshHTTPRoute", "0.", redirect],
    ["MeshHealthCheck", "9", panic],
    ["MeshHealthCheck", "0", panic],
    ["MeshHealthCheck", "0.", panic],
    ["MeshHealthCheck", "a\\", (text) => check({ eventLogPath: `C:\\${text}` })],
    ["MeshTrafficPermission", "/a", (text) => permission({ spiffeID: { type: "Exact", value: `spiffe://a${text}/` } })],
    ["MeshTrafficPermission", "a.", (text) => permission({ sni: { type: "Exact", value: text } })],
    ["MeshPassthrough", "a.", (value) => ({ default: { appendMatch: [{ type: "Domain", value }] } })],
    ["MeshPassthrough", "9", (text) => ({ default: { appendMatch: [{ type: "CIDR", value: `10.0.0.0/${text}` }] } })],
    ["MeshFaultInjection", "9", (limit) => fault({ responseBandwidth: { limit, percentage: 1 } })],
    ["MeshFaultInjection", "k", (text) => fault({ responseBandwidth: { limit: `${text}bp`, percentage: 1 } })],
    ["MeshAccessLog", "a-", (address) => log({ type: "Tcp", tcp: { address } })],
    ["MeshAccessLog", "a.", (key) => log({ type: "OpenTelemetry", openTelemetry: { attributes: [{ key }] } })],
    ["MeshAccessLog", '"', (value) => log({ type: "File", file: { format: { type: "Json", json: [{ value }] } } })],
    ["MeshTrace", "a:", (url) => ({ default: { backends: [{ type: "Datadog", datadog: { url: `http://${url}` } }] } })],
    ["MeshTrace", "@", (url) => ({ default: { backends: [{ type: "Zipkin", zipkin: { url } }] } })],
    ["MeshMetric", "(", (match) => ({ default: { sidecar: { profiles: { include: [{ type: "Regex", match }] } } } })],
    ["MeshProxyPatch", "a: b\n", (value) => patch(value)],
    ["MeshProxyPatch", "[", (value) => patch(value)],
  ];
  it.each(policies)("megabytes in one text of a %s: %j", (name, part, specOf) => {
    const spec = specOf(part.repeat(2_000_000));
    const resource = {
      type: name,
      mesh: "default",
      name: "a",
      labels: {},
      spec,
      creationTime: "",
      modificationTime: "",
    };
    const found = validateResource(
      typeNamed(name),
      { ...resource, version: 0 },
      { mode: "zone" },
      { isFromPeer: true },
    );
    expect(found.length).toBeLessThan(10);
    parseResource(typeNamed(name), { type: name, name: "a", spec }, { validate: { mode: "zone" } });
  });

  const all: JsonObject[] = [{ match: { "kuma.io/service": "*" } }];
  const policy = (conf: JsonObject): JsonObject => ({ sources: all, destinations: all, conf });
  const outbound = (conf: JsonObject): JsonObject => ({
    selectors: all,
    conf: { host: "a", port: "80", parameters: [{ name: "s", tagKey: "kuma.io/service" }], ...conf },
  });
  const external = (address: string): JsonObject => ({ networking: { address }, tags: { "kuma.io/service": "a" } });
  const gateway = (...listeners: JsonObject[]): JsonObject => ({ selectors: all, conf: { listeners } });
  const template = (conf: JsonObject): JsonObject => ({ selectors: all, conf });
  const legacy: [type: string, part: string, spec: (text: string) => JsonObject][] = [
    ["TrafficPermission", "a/", (text) => ({ sources: [{ match: { [text]: text } }], destinations: all })],
    ["VirtualOutbound", "a.", (host) => outbound({ host })],
    ["VirtualOutbound", "0", (text) => outbound({ port: `${text}x` })],
    ["VirtualOutbound", "9", (port) => outbound({ port })],
    ["ExternalService", "a.", (text) => external(`${text}:80`)],
    ["ExternalService", "9", (text) => external(`a:${text}`)],
    ["ExternalService", "[:", external],
    ["MeshGateway", "a-", (hostname) => gateway({ hostname, port: 80, protocol: "HTTP" })],
    ["FaultInjection", "k", (text) => policy({ responseBandwidth: { limit: `${text}bp`, percentage: 1 } })],
    ["Timeout", "9", (text) => policy({ tcp: { idleTimeout: `${text}s` } })],
    ["ProxyTemplate", "a: b\n", (resource) => template({ resources: [{ name: "a", version: "b", resource }] })],
    ["ProxyTemplate", "[", (value) => template({ modifications: [{ cluster: { operation: "patch", value } }] })],
  ];
  it.each(legacy)("megabytes in one text of a %s: %j, written by a user", (name, part, specOf) => {
    const document = { type: name, mesh: "default", name: "a", ...specOf(part.repeat(2_000_000)) };
    const parsed = parseResource(typeNamed(name), document, { validate: { mode: "zone" } });
    if (!parsed.ok && parsed.error.kind === "invalid") expect(parsed.error.violations.length).toBeLessThan(10);
  });

  it("many listeners on one port, and many conditions of a retry", () => {
    const listener = { port: 80, protocol: "HTTP" };
    const retryOn = Array.from({ length: 200_000 }, () => "internal");
    expect(fromUser("MeshGateway", gateway(...Array.from({ length: 100_000 }, () => listener)))).toHaveLength(1_001);
    expect(fromUser("Retry", policy({ grpc: { retryOn } }))).toHaveLength(1);
  });

  it("a number of a billion digits is not written out", () => {
    for (const [percentage, reason] of [
      ["1e999999999", "must be in inclusive range [0.0, 100.0]"],
      ["-1e999999999", "must be in inclusive range [0.0, 100.0]"],
      ["1e-999999999", undefined],
    ] as const) {
      const found = fromUser("MeshHealthCheck", panic(percentage));
      expect(found.map(([, text]) => text)).toEqual(reason === undefined ? [] : [reason]);
    }
  });

  it("a million mistakes are not all told", () => {
    const type = typeNamed("MeshTimeout");
    const last = { field: "", reason: "more than 1000 violations; the rest is not told" };
    const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`!${i}`, "!"]));
    const writer = { mode: "global", zone: "", isFederated: false } as const;
    const ofLabels = labelViolations(type, { mesh: "default", labels }, writer);
    expect([ofLabels.length, ofLabels.at(-1)]).toEqual([1001, last]);

    const to = Array.from({ length: 1_000_000 }, () => 1);
    const parsed = parseResource(type, { type: type.name, name: "a", mesh: "default", spec: { to } });
    const violations = !parsed.ok && parsed.error.kind === "invalid" ? parsed.error.violations : [];
    expect([violations.length, violations.at(-1)]).toEqual([1001, last]);

    const inbound = Array.from({ length: 10_000 }, () => ({}));
    const dataplane = { type: "Dataplane", name: "a", mesh: "default", networking: { address: "10.0.0.1", inbound } };
    const ruled = parseResource(typeNamed("Dataplane"), dataplane, { validate: { mode: "zone" } });
    const told = !ruled.ok && ruled.error.kind === "invalid" ? ruled.error.violations : [];
    expect([told.length, told.at(-1)]).toEqual([1001, last]);
  });
});
