import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { kubernetesManifest } from "./kubernetes-manifest.ts";
import type { Resource } from "./resource.ts";
import { ZERO_TIME } from "./rest-codec.ts";
import { typeNamed } from "./testing/violations-of.ts";

const resource = (type: string, spec: JsonObject, more: Partial<Resource> = {}): Resource => ({
  type,
  mesh: "m",
  name: "a",
  labels: { "kuma.io/zone": "east", team: "x" },
  spec,
  creationTime: "2026-11-23T23:15:36.099566398Z",
  modificationTime: "2026-11-23T23:15:36.099566398Z",
  version: 1,
  ...more,
});
const manifest = (type: string, spec: JsonObject, more?: Partial<Resource>, namespace?: string): string =>
  JSON.stringify(kubernetesManifest(typeNamed(type), resource(type, spec, more), namespace));

const META = `"name":"a","namespace":"kuma-system","creationTimestamp":"2026-11-23T23:15:36Z"`;

describe("on Kubernetes", () => {
  it.each<[title: string, text: string, expected: string]>([
    [
      "a policy names its mesh by label",
      manifest("MeshTimeout", { to: [] }),
      `{"kind":"MeshTimeout","apiVersion":"kuma.io/v1alpha1","metadata":{${META},"labels":{"kuma.io/mesh":"m"}},"spec":{"to":[]}}`,
    ],
    [
      "a flat type names its mesh by member",
      manifest("Dataplane", { networking: {} }),
      `{"kind":"Dataplane","apiVersion":"kuma.io/v1alpha1","metadata":{${META}},"mesh":"m","spec":{"networking":{}}}`,
    ],
    [
      "a legacy policy is in no namespace",
      manifest("TrafficPermission", {}),
      `{"kind":"TrafficPermission","apiVersion":"kuma.io/v1alpha1","metadata":{"name":"a","creationTimestamp":"2026-11-23T23:15:36Z"},"mesh":"m","spec":{}}`,
    ],
    [
      "a DataplaneInsight is a status",
      manifest("DataplaneInsight", { subscriptions: [] }),
      `{"kind":"DataplaneInsight","apiVersion":"kuma.io/v1alpha1","metadata":{${META}},"mesh":"m","status":{"subscriptions":[]}}`,
    ],
    [
      "a global-scoped type has no mesh",
      manifest("HostnameGenerator", { template: "t" }, { mesh: "" }),
      `{"kind":"HostnameGenerator","apiVersion":"kuma.io/v1alpha1","metadata":{${META}},"spec":{"template":"t"}}`,
    ],
    [
      "a type with a status has it, even when nothing is in it",
      manifest("MeshMultiZoneService", {}),
      `{"kind":"MeshMultiZoneService","apiVersion":"kuma.io/v1alpha1","metadata":{${META},"labels":{"kuma.io/mesh":"m"}},"spec":{},"status":{}}`,
    ],
    [
      "a Secret is a native one",
      manifest("Secret", { data: "YQ==" }),
      `{"kind":"Secret","apiVersion":"v1","metadata":{${META},"labels":{"kuma.io/mesh":"m"}},"data":{"value":"YQ=="},"type":"system.kuma.io/secret"}`,
    ],
    [
      "a GlobalSecret without data",
      manifest("GlobalSecret", {}, { mesh: "" }),
      `{"kind":"Secret","apiVersion":"v1","metadata":{${META}},"data":{"value":null},"type":"system.kuma.io/global-secret"}`,
    ],
    [
      "the namespace can be chosen, the time may be unknown",
      manifest("MeshTLS", {}, { creationTime: ZERO_TIME }, "ns"),
      `{"kind":"MeshTLS","apiVersion":"kuma.io/v1alpha1","metadata":{"name":"a","namespace":"ns","labels":{"kuma.io/mesh":"m"}},"spec":{}}`,
    ],
  ])("%s", (_title, text, expected) => {
    expect(text).toBe(expected);
  });
});
