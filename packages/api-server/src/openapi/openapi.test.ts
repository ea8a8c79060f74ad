import { isJsonObject, type JsonObject } from "@isthmus/std";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { ApiServerOptions } from "../server.ts";
import { rig } from "../testing/rig.ts";
import { schemaOfZod } from "./operation.ts";

const SYNC: NonNullable<ApiServerOptions["sync"]> = {
  status: () => ({ role: "global", name: "global", historyId: "1", revision: 1, zones: [], holds: [] }),
  holds: () => [],
  accept: async () => true,
  reject: async () => true,
};

const served = async (options: Partial<ApiServerOptions> = {}): Promise<JsonObject> => {
  const answer = await rig({ sync: SYNC, ...options }).ask("GET", "/openapi.json");
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
  return JSON.parse(answer.text) as JsonObject;
};
/** Everything anywhere in the document. */
function* objectsIn(value: unknown): Generator<JsonObject> {
  if (Array.isArray(value)) for (const each of value) yield* objectsIn(each);
  if (!isJsonObject(value)) return;
  yield value;
  for (const each of Object.values(value)) yield* objectsIn(each);
}

it("is made while others are answered, once for all who ask", async () => {
  const { ask } = rig({ sync: SYNC });
  const order: string[] = [];
  const note = async (path: string): Promise<string> => {
    const { text } = await ask("GET", path);
    order.push(path);
    return text;
  };
  const [first, second] = await Promise.all([note("/openapi.json"), note("/openapi.json"), note("/")]);
  expect(order[0]).toBe("/");
  expect(first).toBe(second);
});

describe("the document", async () => {
  const document = await served();
  const paths = document["paths"] as Record<string, Record<string, JsonObject>>;

  it("is OpenAPI 3.1", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect([result.valid, validator.version]).toEqual([true, "3.1"]);
  });

  it("refers to nothing that is not there", () => {
    const refs = new Set([...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : [])));
    const schemas = (document["components"] as { schemas: JsonObject }).schemas;
    expect(refs.size).toBeGreaterThan(100);
    expect([...refs].filter((ref) => schemas[ref.replace("#/components/schemas/", "")] === undefined)).toEqual([]);
  });

  it("gives every operation an id of its own, a summary and its path parameters", () => {
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      expect(operation["summary"]).toBeTruthy();
      const declared = [...objectsIn(operation["parameters"])].filter((each) => each["in"] === "path");
      expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part));
    }
  });

  it("has every route of the server, and none that is refused", () => {
    expect(paths["/meshes/{mesh}/meshtimeouts/{name}"]).toMatchObject({ get: {}, put: {}, delete: {} });
    expect(Object.keys(paths["/meshes/{mesh}/meshtimeouts"] ?? {})).toEqual(["get"]);
    expect(paths["/zones+insights/{name}"]).toBeDefined();
    expect(paths["/sync/holds/{zone}/{type}/{origin}/accept"]).toMatchObject({ post: {} });
  });

  it("describes all of inspection", () => {
    const others = [...objectsIn(paths)].filter(({ tags }) => Array.isArray(tags) && tags.includes("Others"));
    expect(others.map(({ summary }) => summary)).toEqual([]);
    expect(paths["/meshes/{mesh}/meshtimeouts/{name}/_resources/dataplanes"]).toMatchObject({
      get: { tags: ["Inspection"] },
    });
  });

  it("has the rules that writes are checked by", () => {
    const schemas = (document["components"] as { schemas: Record<string, JsonObject> }).schemas;
    expect(schemas["MeshMultiZoneService"]).toMatchObject({
      required: ["type", "mesh", "name"],
      properties: {
        type: { const: "MeshMultiZoneService" },
        spec: {
          required: ["selector", "ports"],
          properties: { ports: { minItems: 1, items: { properties: { appProtocol: { default: "tcp" } } } } },
        },
        status: { readOnly: true },
      },
    });
    expect(schemas["DataplaneOverview"]).toMatchObject({
      properties: {
        dataplane: { $ref: "#/components/schemas/kuma.mesh.v1alpha1.Dataplane" },
        dataplaneInsight: { $ref: "#/components/schemas/kuma.mesh.v1alpha1.DataplaneInsight" },
      },
    });
  });
});

it("is served as YAML too, and not sent again to who has it", async () => {
  const { ask } = rig({ sync: SYNC });
  const json = await ask("GET", "/openapi.json");
  const yaml = await ask("GET", "/openapi.yaml");
  expect(yaml.headers["content-type"]).toBe("application/yaml");
  expect(parse(yaml.text)).toEqual(JSON.parse(json.text));
  const etag = String(json.headers["etag"]);
  expect(await ask("GET", "/openapi.json", undefined, { "if-none-match": etag })).toMatchObject({
    status: 304,
    text: "",
  });
});

it("says under which base path the server is", async () => {
  const { ask } = rig({ basePath: "/mesh/" });
  const document = JSON.parse((await ask("GET", "/mesh/openapi.json")).text) as JsonObject;
  expect(document["servers"]).toEqual([{ url: "/mesh" }]);
});

it("schemas of what clients read describe what goes over the wire", () => {
  const items = z
    .array(z.string())
    .nullish()
    .transform((each) => each ?? []);
  expect(schemaOfZod(z.object({ items }))).toMatchObject({
    properties: { items: { anyOf: [{ type: "array" }, { type: "null" }] } },
  });
});
