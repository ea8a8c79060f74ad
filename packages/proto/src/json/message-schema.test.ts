import { expect, it } from "vitest";
import { descriptorOf } from "../spec-codec.ts";
import { messageSchemas } from "./message-schema.ts";

const ref = (name: string): string => `#/${name}`;

it("describes a message and all that it is made of", () => {
  const schemas = messageSchemas(descriptorOf("kuma.mesh.v1alpha1.DataplaneInsight"), ref);
  expect(schemas.get("kuma.mesh.v1alpha1.DataplaneInsight")).toMatchObject({
    type: "object",
    properties: {
      subscriptions: { type: "array", items: { $ref: "#/kuma.mesh.v1alpha1.DiscoverySubscription" } },
      metadata: { type: "object", additionalProperties: true },
    },
  });
  expect(schemas.get("kuma.mesh.v1alpha1.DiscoveryServiceStats")?.["properties"]).toMatchObject({
    responsesSent: { type: "string", pattern: "^-?[0-9]+$" },
  });
  expect(schemas.get("kuma.mesh.v1alpha1.DiscoverySubscription")?.["properties"]).toMatchObject({
    connectTime: { type: "string", format: "date-time" },
    generation: { type: "integer", minimum: 0 },
  });
});

it("ends where messages hold themselves", () => {
  const schemas = messageSchemas(descriptorOf("kuma.mesh.v1alpha1.Mesh"), ref);
  const referred = [...JSON.stringify([...schemas.values()]).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, name]) => name);
  expect(referred.filter((name) => !schemas.has(name ?? ""))).toEqual([]);
});
