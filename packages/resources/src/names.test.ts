import { describe, expect, it } from "vitest";
import { hashedName } from "./hashed-name.ts";
import { isLocalKri, kriOf, kriText, parseKri } from "./kri.ts";
import { dns1035LabelErrors, dns1123LabelErrors, labelValueErrors, qualifiedNameErrors } from "./kubernetes-names.ts";
import { nameDeprecations, nameViolations } from "./names.ts";
import { Registry } from "./registry.ts";
import type { Labels } from "./resource.ts";
import { sniDeprecations, snisOf } from "./sni.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";

const registry = new Registry(builtinTypes);

function type(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

function labels(zone = "", namespace = "", displayName = ""): Labels {
  return {
    ...(zone === "" ? {} : { "kuma.io/zone": zone }),
    ...(namespace === "" ? {} : { "k8s.kuma.io/namespace": namespace }),
    ...(displayName === "" ? {} : { "kuma.io/display-name": displayName }),
  };
}

describe("hashedName", () => {
  it.each([
    ["default", "redis-zone-1", "zone-1", "", "redis-zone-1-2v6wfvvcvbc9f55d"],
    ["default", "redis-zone-2", "zone-2", "", "redis-zone-2-ff29vc4685c6f594"],
    ["default", "default-timeout-zone-1", "zone-1", "", "default-timeout-zone-1-c58w24w4vw27f454"],
    ["default", "default-timeout-global", "", "", "default-timeout-global-54dbd4c66zwbcf9c"],
    ["", "foo", "", "", "foo-zxw6c95d42zfz9cc"],
    ["", "foo", "zone-1", "custom-ns", "foo-696vzv497z4cv4f4"],
    ["default", "to-60s", "", "", "to-60s-dxfbxfvvcbdwzxxz"],
    ["", "zone-ingress-1", "zone-1", "", "zone-ingress-1-9d8422v7vbc5c974"],
    ["default", "redis", "zone-1", "", "redis-c9d954w84b8wf77z"],
    ["default", "backend", "east", "kuma-demo", "backend-4dv9w4x47w8w98v4"],
    ["default", "backend", "", "", "backend-524cwbwv5vzz94b6"],
    ["default", "backend", "east", "", "backend-d2622w4zxzdb6cfw"],
    ["", "synced-mesh-external-service", "", "", "synced-mesh-external-service-7f4474c7b4z469f4"],
    [
      "kuma-runner",
      "grpc-service-84c8b47975-kg5xx",
      "east",
      "kuma-runner-ns",
      "grpc-service-84c8b47975-kg5xx-4455fx6cb5fd2494",
    ],
  ])("%s/%s of %s %s", (mesh, name, zone, namespace, expected) => {
    expect(hashedName({ mesh, name, labels: labels(zone, namespace) })).toBe(expected);
  });

  it("is the same for a copy that was renamed already", () => {
    const original = { mesh: "default", name: "backend", labels: labels("east") };
    const copy = { ...original, name: hashedName(original), labels: labels("east", "", "backend") };
    expect(hashedName(copy)).toBe(hashedName(original));
  });

  it("cuts the display name at 236 bytes, hashes all of it and stays within 253", () => {
    const long = hashedName({ mesh: "m", name: "a".repeat(300), labels: {} });
    expect(long).toHaveLength(253);
    expect(long.startsWith(`${"a".repeat(236)}-`)).toBe(true);
    expect(long).not.toBe(hashedName({ mesh: "m", name: "a".repeat(301), labels: {} }));
    expect(Buffer.byteLength(hashedName({ mesh: "m", name: `a${"ü".repeat(118)}`, labels: {} }))).toBe(252);
  });
});

describe("nameViolations", () => {
  const characters =
    "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  it.each([
    ["backend", []],
    ["backend.kuma-demo", []],
    ["0", []],
    ["", ["cannot be empty"]],
    ["a".repeat(253), []],
    ["a".repeat(254), ["value length must less or equal 253"]],
    ["Backend", [characters]],
    ["back_end", [characters]],
    ["-backend", [characters]],
    ["backend-", [characters]],
    ["a..b", [characters]],
    ["ü", [characters]],
    ["a\n", [characters]],
  ])("%j", (name, reasons) => {
    expect(nameViolations(type("MeshTimeout"), { name, mesh: "default" })).toEqual(
      reasons.map((reason) => ({ field: "name", reason })),
    );
  });

  it("looks at the mesh of mesh-scoped types only", () => {
    expect(nameViolations(type("Zone"), { name: "east", mesh: "" })).toEqual([]);
    expect(nameViolations(type("Dataplane"), { name: "a", mesh: "" })).toEqual([
      { field: "mesh", reason: "cannot be empty" },
    ]);
    expect(nameViolations(type("Dataplane"), { name: "a", mesh: "old_mesh" })).toEqual([]);
    expect(nameViolations(type("Dataplane"), { name: "a", mesh: "Mesh" })).toEqual([
      {
        field: "mesh",
        reason: "invalid characters. Valid characters are numbers, lowercase latin letters and '-', '_', '.' symbols.",
      },
    ]);
  });
});

describe("texts of Kubernetes", () => {
  it("for labels of DNS", () => {
    expect(dns1035LabelErrors("my-name")).toEqual([]);
    expect(dns1035LabelErrors("1a")).toEqual([
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(dns1035LabelErrors("a".repeat(64))).toEqual(["must be no more than 63 characters"]);
    expect(dns1123LabelErrors("a".repeat(64))).toEqual(["must be no more than 63 characters"]);
    expect(dns1123LabelErrors("a.b")).toEqual(["must not contain dots"]);
  });

  it("for label keys", () => {
    expect(qualifiedNameErrors("example.com/My_name")).toEqual([]);
    expect(qualifiedNameErrors("")).toEqual([
      "name part must be non-empty",
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]);
    expect(qualifiedNameErrors("/a")).toEqual(["prefix part must be non-empty"]);
    expect(qualifiedNameErrors("a/b/c")[0]).toMatch(
      /^a valid label key must consist of .* \(e\.g\. 'example\.com\/MyName'\)$/,
    );
    expect(qualifiedNameErrors("UPPER/a")[0]).toMatch(/^prefix part a lowercase RFC 1123 subdomain must consist of/);
  });

  it("for label values", () => {
    expect(labelValueErrors("")).toEqual([]);
    expect(labelValueErrors("a/b")).toEqual([
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]);
    expect(labelValueErrors("a".repeat(64))).toEqual(["must be no more than 63 bytes"]);
  });

  it("as a warning for names", () => {
    expect(nameDeprecations({ type: "Mesh", name: "default", labels: {} })).toEqual([]);
    expect(nameDeprecations({ type: "Mesh", name: "1", labels: {} })[0]).toMatch(
      /^Invalid Mesh resource name: '1'\. It does not conform to the DNS format \(RFC 1035\)\. This is deprecated\. Errors: a DNS-1035 label must/,
    );
    expect(nameDeprecations({ type: "Mesh", name: "1-hash", labels: labels("", "", "one") })).toEqual([]);
  });
});

describe("KRI", () => {
  it.each([
    ["Mesh", "", "default", labels(), "", "kri_m____default_"],
    ["Dataplane", "default", "dp-1", labels("east"), "", "kri_dp_default_east__dp-1_"],
    [
      "MeshService",
      "default",
      "backend-4dv9w4x47w8w98v4",
      labels("east", "kuma-demo", "backend"),
      "http",
      "kri_msvc_default_east_kuma-demo_backend_http",
    ],
    ["MeshExternalService", "default", "httpbin", labels(), "", "kri_extsvc_default___httpbin_"],
    ["MeshTrafficPermission", "default", "mtp-1", labels(), "", "kri_mtp_default___mtp-1_"],
    ["ZoneIngress", "", "zone-ingress-1", labels(), "", "kri_zi____zone-ingress-1_"],
    ["HostnameGenerator", "", "synced-mesh-external-service", labels(), "", "kri_hg____synced-mesh-external-service_"],
  ])("%s %s/%s", (typeName, mesh, name, ownLabels, section, text) => {
    const kri = { ...kriOf({ type: typeName, mesh, name, labels: ownLabels }), section };
    expect(kriText(type(typeName), kri)).toBe(text);
    expect(parseKri(text, registry)).toEqual({ ok: true, value: kri });
  });

  it("is absent for types without short name", () => {
    expect(kriText(type("Secret"), kriOf({ type: "Secret", mesh: "default", name: "a", labels: {} }))).toBeUndefined();
  });

  it.each([
    ["kri_m____default", 'invalid identifier string: "kri_m____default"'],
    ["", 'invalid identifier string: ""'],
    ["xri_m____default_", "identifier must start with 'kri': \"xri_m____default_\""],
    ["kri_nope____default_", 'unknown short name of resource type: "nope"'],
    ["kri______a_", 'unknown short name of resource type: ""'],
  ])("refuses %j", (text, error) => {
    expect(parseKri(text, registry)).toEqual({ ok: false, error });
  });

  it("joins what follows the name into the section", () => {
    const parsed = parseKri("kri_msvc_default___a_b_c", registry);
    expect(parsed.ok && parsed.value).toMatchObject({ name: "a", section: "bc" });
  });

  it("says where it is local", () => {
    const kri = kriOf({ type: "Mesh", mesh: "", name: "a", labels: labels("east") });
    expect([isLocalKri(kri, "east"), isLocalKri(kri, "west"), isLocalKri(kri, undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("SNI", () => {
  const service = { type: "MeshService", mesh: "default", name: "backend-x" };
  const spec = { ports: [{ port: 8081 }, { port: 80, name: "http" }] };

  it("has 5, 6 or 7 segments and comes in order of port", () => {
    expect(snisOf(type("MeshService"), { ...service, spec, labels: labels("east", "", "backend") })).toEqual([
      { port: 80, sni: "sni.msvc.default.east.backend.http" },
      { port: 8081, sni: "sni.msvc.default.east.backend.8081" },
    ]);
    expect(
      snisOf(type("MeshService"), { ...service, spec: { ports: [{ port: 1 }] }, labels: labels("east", "ns") }),
    ).toEqual([{ port: 1, sni: "sni.msvc.default.east.ns.backend-x.1" }]);
    // Without a zone the namespace does not appear either.
    const external = {
      type: "MeshExternalService",
      mesh: "default",
      name: "httpbin",
      labels: labels("", "kuma-system"),
    };
    expect(snisOf(type("MeshExternalService"), { ...external, spec: { match: { port: 443 } } })).toEqual([
      { port: 443, sni: "sni.extsvc.default.httpbin.443" },
    ]);
  });

  it("is absent for what is no destination", () => {
    expect(snisOf(type("Workload"), { ...service, type: "Workload", spec, labels: {} })).toEqual([]);
  });

  it("warns of names that are no host names", () => {
    const resource = {
      ...service,
      name: "a.b",
      labels: {},
      spec: { ports: [{ port: 80, name: "HTTP" }] },
      creationTime: "",
      modificationTime: "",
      version: 0,
    };
    expect(sniDeprecations(type("MeshService"), resource)).toEqual([
      'Invalid MeshService SNI (port "HTTP"): name "a.b" does not conform to RFC 1123: must not contain dots. This is deprecated.',
      `Invalid MeshService SNI (port "HTTP"): ${dns1123LabelErrors("HTTP")[0]}. This is deprecated.`,
    ]);
    expect(sniDeprecations(type("MeshService"), { ...resource, name: "a", spec })).toEqual([]);
  });
});
