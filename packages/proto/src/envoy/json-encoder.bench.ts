/** Clusters, listeners and assignments of Envoys, straight to bytes and by way of messages. Run: npx vitest bench packages/proto */
import { readFileSync } from "node:fs";
import { fromJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { bench, describe } from "vitest";
import { envoyFromJson, envoyRegistry, envoyToBinary, envoyToJson } from "./index.ts";
import { JsonEncoder } from "./json-encoder.ts";

const KINDS = ["Cluster", "ClusterLoadAssignment", "Listener"];
const encoder = new JsonEncoder(envoyRegistry);
const dumps = readFileSync(new URL("../../testdata/envoy/config-dumps.jsonl", import.meta.url), "utf8").trimEnd();
const resources = dumps.split("\n").flatMap((line) => {
  const { config } = JSON.parse(line) as { config: JsonObject };
  const json = envoyToJson(AnySchema, fromJson(AnySchema, config as never, { registry: envoyRegistry }));
  return json.ok ? resourcesIn(json.value) : [];
});
const bytes = resources.reduce((sum, resource) => sum + (encoder.encode(AnySchema, resource)?.byteLength ?? 0), 0);

describe(`${resources.length} resources, ${bytes} bytes`, () => {
  bench("straight", () => {
    for (const resource of resources) encoder.encode(AnySchema, resource);
  });
  bench("by way of messages", () => {
    for (const resource of resources) {
      const message = envoyFromJson(AnySchema, resource);
      if (message.ok) envoyToBinary(AnySchema, message.value);
    }
  });
});

function resourcesIn(json: JsonValue): readonly JsonObject[] {
  if (json === null || typeof json !== "object") return [];
  if (Array.isArray(json)) return json.flatMap((item) => resourcesIn(item as JsonValue));
  const object = json as JsonObject;
  const type = object["@type"];
  if (typeof type === "string" && KINDS.some((kind) => type.endsWith(`.${kind}`))) return [object];
  return Object.values(object).flatMap((member) => resourcesIn(member ?? null));
}
