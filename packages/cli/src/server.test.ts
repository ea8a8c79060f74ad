import type { ResourceType } from "@isthmus/api";
import { describe, expect, it } from "vitest";
import { applyDocuments } from "./commands/apply.ts";
import { clientOf, collectionPath, resourcePath } from "./server.ts";

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
  const client = clientOf({ server: "http://127.0.0.1:1" });
  client.resourceTypes = async () => [timeouts];
  client.put = async (path) => {
    puts.push(path);
    return { created: true, warnings: [] };
  };
  const document = (name: string) => ({ origin: `f:${name}`, resource: { type: "meshtimeouts", name } });
  const result = await applyDocuments(client, [document(".."), document("a")], {
    mesh: "default",
    server: "",
    report: () => {},
  });
  expect(puts).toEqual(["meshes/default/meshtimeouts/a"]);
  expect(result.failures).toEqual(['f:..: meshtimeouts/..: the name ".." cannot be that of a resource']);
});
