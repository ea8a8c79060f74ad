import { ApiClient, type ResourceType } from "@isthmus/api";
import { describe, expect, it } from "vitest";
import { applyDocuments } from "./apply/apply-documents.ts";
import { collectionPath, matchType, resourcePath } from "./resource-address.ts";

const type = (scope: "Mesh" | "Global", path: string) => ({ name: path, path, scope }) as unknown as ResourceType;
const timeouts = type("Mesh", "meshtimeouts");

describe("addresses", () => {
  it("are below the mesh, if the type is", () => {
    expect(resourcePath(timeouts, "default", "a b")).toBe("meshes/default/meshtimeouts/a b");
    expect(resourcePath(type("Global", "zones"), "default", "east")).toBe("zones/east");
  });

  it.each(["", ".", "..", "../..", "a/b", "/"])("do not lead elsewhere with %j", (text) => {
    expect(() => resourcePath(timeouts, "default", text)).toThrow("cannot be that of a resource");
    expect(() => collectionPath(timeouts, text)).toThrow("the mesh");
  });
});

it("apply goes on after a name that is no part of an address", async () => {
  const puts: string[] = [];
  const client = new ApiClient({ baseUrl: "http://127.0.0.1:1" });
  client.resourceTypes = async () => [timeouts];
  client.put = async (path) => {
    puts.push(path);
    return { created: true, warnings: [] };
  };
  const document = (name: string) => ({
    origin: `f:${name}`,
    originOf: () => `f:${name}`,
    resource: { type: "meshtimeouts", name },
  });
  const result = await applyDocuments(client, [document(".."), document("a")], {
    mesh: "default",
    server: "",
    report: () => {},
  });
  expect(puts).toEqual(["meshes/default/meshtimeouts/a"]);
  expect(result.failures).toEqual(['f:..: meshtimeouts/..: the name ".." cannot be that of a resource']);
});

describe("a type", () => {
  const types = [
    { name: "MeshTimeout", path: "meshtimeouts", shortName: "mt", scope: "Mesh" },
    { name: "ZoneIngress", path: "zoneingresses", shortName: "zi", scope: "Global" },
    { name: "Secret", path: "secrets", shortName: "", scope: "Mesh" },
  ] as unknown as readonly ResourceType[];

  it.each([
    ["MeshTimeout", "MeshTimeout"],
    ["meshtimeouts", "MeshTimeout"],
    ["MT", "MeshTimeout"],
    ["zone-ingress", "ZoneIngress"],
    ["zone-ingresses", "ZoneIngress"],
    ["secret", "Secret"],
    ["", undefined],
    ["-", undefined],
    ["timeouts", undefined],
  ])("%j is %s", (word, expected) => expect(matchType(types, word)?.name).toBe(expected));
});
