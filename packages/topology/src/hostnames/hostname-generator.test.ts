/** Names that single generators give: the rows of the defaults, all parts of templates, and what goes wrong. */
import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { readHostnameGenerator, renderHostname, selects } from "./hostname-generator.ts";

const TIME = "2026-01-01T00:00:00Z";

function generator(spec: JsonObject, { name = "g", labels = {}, creationTime = TIME }: Partial<Resource> = {}) {
  return readHostnameGenerator({
    type: "HostnameGenerator",
    mesh: "",
    name,
    labels,
    spec,
    creationTime,
    modificationTime: TIME,
    version: 1,
  });
}

const ofTemplate = (template: string) => generator({ selector: { meshService: {} }, template });

function render(template: string, labels: Labels = {}, name = "backend") {
  const rendered = renderHostname(ofTemplate(template), { name, mesh: "default", labels }, "west");
  return rendered.ok ? rendered.value : `! ${rendered.error}`;
}

const synced = { "kuma.io/origin": "global", "kuma.io/display-name": "backend", "kuma.io/zone": "east" };
const kubernetes = { ...synced, "k8s.kuma.io/namespace": "demo", "kuma.io/env": "kubernetes" };
const local = { "kuma.io/origin": "zone", "kuma.io/zone": "west", "kuma.io/env": "universal" };

describe("templates of the defaults", () => {
  it.each<[string, string, string, Labels, string]>([
    [
      "synced-kube-mesh-service",
      "backend-x.sys",
      "{{ .DisplayName }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local",
      kubernetes,
      "backend.demo.svc.east.mesh.local",
    ],
    [
      "synced-headless-kube-mesh-service",
      "backend-x.sys",
      '{{ label "statefulset.kubernetes.io/pod-name" }}.{{ label "k8s.kuma.io/service-name" }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local',
      { ...kubernetes, "statefulset.kubernetes.io/pod-name": "db-0", "k8s.kuma.io/service-name": "db" },
      "db-0.db.demo.svc.east.mesh.local",
    ],
    [
      "synced-universal-mesh-service",
      "backend-x",
      "{{ .DisplayName }}.svc.{{ .Zone }}.mesh.local",
      synced,
      "backend.svc.east.mesh.local",
    ],
    [
      "synced-mesh-multi-zone-service",
      "backend-x",
      "{{ .DisplayName }}.mzsvc.mesh.local",
      synced,
      "backend.mzsvc.mesh.local",
    ],
    [
      "synced-mesh-external-service",
      "backend-x",
      "{{ .DisplayName }}.extsvc.mesh.local",
      synced,
      "backend.extsvc.mesh.local",
    ],
    [
      "local-mesh-external-service",
      "httpbin",
      "{{ .DisplayName }}.extsvc.mesh.local",
      local,
      "httpbin.extsvc.mesh.local",
    ],
    ["local-universal-mesh-service", "backend", "{{ .DisplayName }}.svc.mesh.local", local, "backend.svc.mesh.local"],
  ])("%s names %s", (_generator, name, template, labels, hostname) => {
    expect(render(template, labels, name)).toBe(hostname);
  });
});

describe("parts of templates", () => {
  it.each<[string, Labels, string]>([
    ["{{ .Name }}.mesh", {}, "backend.mesh"],
    ["{{ .Name }}.mesh", { "kuma.io/display-name": "shown" }, "backend.mesh"],
    ["{{ .DisplayName }}.mesh", { "kuma.io/display-name": "shown" }, "shown.mesh"],
    ["{{ .DisplayName }}.mesh", {}, "backend.mesh"],
    ["{{ .Name }}.{{ .Namespace }}.mesh", { "k8s.kuma.io/namespace": "my-ns" }, "backend.my-ns.mesh"],
    ["{{ .Mesh }}.mesh", {}, "default.mesh"],
    ["{{ .Zone }}.mesh", { "kuma.io/zone": "east" }, "east.mesh"],
    ["{{ .Zone }}.mesh", {}, "west.mesh"],
    ["{{ .Zone }}.mesh", { "kuma.io/zone": "" }, "west.mesh"],
    ['{{ label "app" }}.mesh', { app: "my-app" }, "my-app.mesh"],
    ["{{ if .Namespace }}{{ .Namespace }}{{ else }}none{{ end }}.mesh", {}, "none.mesh"],
    ['{{ .Name }}{{ with label "v" }}-{{ . }}{{ end }}.mesh', { v: "2" }, "backend-2.mesh"],
    ['{{ printf "%s-%s" .Name .Zone }}.mesh', {}, "backend-west.mesh"],
    ["static.mesh", {}, "static.mesh"],
  ])("%s with %j", (template, labels, hostname) => expect(render(template, labels)).toBe(hostname));

  const invalid = (hostname: string) =>
    `! generated hostname "${hostname}" is not a valid DNS name: a lowercase RFC 1123 subdomain must consist of`;
  const failed = "! pre evaluation of template with parameters failed with error=";
  it.each<[string, Labels, string]>([
    [
      '{{ label "missing" }}.mesh',
      {},
      `${failed}"template: :1:3: executing \\"\\" at <label \\"missing\\">: error calling label: label missing not found"`,
    ],
    [
      '{{ label "constructor" }}.mesh',
      {},
      `${failed}"template: :1:3: executing \\"\\" at <label \\"constructor\\">: error calling label: label constructor not found"`,
    ],
    [
      "{{ .Nmae }}.mesh",
      {},
      `${failed}"template: :1:3: executing \\"\\" at <.Nmae>: can't evaluate field Nmae in type hostname.meshedName"`,
    ],
    ["{{ .Name", {}, '! failed compiling gotemplate error="template: :1: unclosed action"'],
    ["{{ shout .Name }}", {}, '! failed compiling gotemplate error="template: :1: function \\"shout\\" not defined"'],
    [".{{ .Name }}.mesh", {}, invalid(".backend.mesh")],
    ["{{ .Name }}.Mesh", {}, invalid("backend.Mesh")],
    ["{{ .Name }}..mesh", {}, invalid("backend..mesh")],
    ["{{ .Name }}.{{ .Namespace }}", {}, invalid("backend.")],
    ["{{ .Namespace }}", {}, invalid("")],
    ["", {}, invalid("")],
    ["{{ .DisplayName }}", { "kuma.io/display-name": "" }, invalid("")],
    ["a\nb", {}, invalid("a\\nb")],
    [
      "a".repeat(254),
      {},
      `! generated hostname "${"a".repeat(254)}" is not a valid DNS name: must be no more than 253 characters`,
    ],
  ])("that give no name: %j with %j", (template, labels, error) => {
    expect(render(template, labels).slice(0, error.length)).toBe(error);
  });
});

describe("generators", () => {
  it.each<[string, JsonObject, Labels, boolean]>([
    ["all labels", { matchLabels: { a: "1", b: "2" } }, { a: "1", b: "2", c: "3" }, true],
    ["one label short", { matchLabels: { a: "1", b: "2" } }, { a: "1" }, false],
    ["another value", { matchLabels: { a: "1" } }, { a: "2" }, false],
    ["no labels wanted", { matchLabels: {} }, {}, true],
    ["no matchLabels", {}, { a: "1" }, true],
  ])("select services with %s", (_case, meshService, labels, expected) => {
    const one = generator({ selector: { meshService }, template: "x" });
    expect(selects(one, "MeshService", labels)).toBe(expected);
    expect(selects(one, "MeshExternalService", labels)).toBe(false);
    expect(selects(one, "MeshMultiZoneService", labels)).toBe(false);
  });

  it("select by their own kind", () => {
    const external = generator({ selector: { meshExternalService: {} }, template: "x" });
    const multi = generator({ selector: { meshMultiZoneService: {}, meshService: {} }, template: "x" });
    const kinds = ["MeshService", "MeshExternalService", "MeshMultiZoneService"] as const;
    expect(kinds.map((kind) => [selects(external, kind, {}), selects(multi, kind, {})])).toEqual([
      [false, true],
      [true, false],
      [false, true],
    ]);
  });

  it.each<JsonObject>([{}, { selector: null }, { selector: { meshService: null } }, { selector: [1], template: 7 }])(
    "that are malformed select nothing: %j",
    (spec) => expect(selects(generator(spec), "MeshService", {})).toBe(false),
  );

  it("with an extension say that it is ignored", () => {
    const selector = { meshService: {} };
    const extended = generator({ selector, template: "x", extension: { type: "Lua", config: {} } });
    expect(extended.problems).toEqual(['spec.extension of type "Lua" is ignored, the template alone gives names']);
    expect(selects(extended, "MeshService", {})).toBe(true);
    expect(generator({ selector, template: "x" }).problems).toEqual([]);
  });

  it("of the zone go first, then the older ones, then by name", () => {
    const zone = { "kuma.io/origin": "zone" };
    const at = (second: string) => `2026-01-01T00:00:${second}Z`;
    const sorted = [
      generator({}, { name: "z-zone", labels: zone, creationTime: at("01") }),
      generator({}, { name: "a-zone", labels: zone, creationTime: at("02.000000001") }),
      generator({}, { name: "b-zone", labels: zone, creationTime: at("02.000000001") }),
      generator({}, { name: "y", labels: { "kuma.io/origin": "global" }, creationTime: at("00") }),
      generator({}, { name: "x", creationTime: at("00.5") }),
    ];
    const byPrecedence = sorted.toReversed().sort((a, b) => (a.precedence < b.precedence ? -1 : 1));
    expect(byPrecedence.map(({ name }) => name)).toEqual(sorted.map(({ name }) => name));
  });
});
