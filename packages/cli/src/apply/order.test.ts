import { expect, it } from "vitest";
import { writeOrder } from "./order.ts";

const of = (text: string) => {
  const [type = "", mesh = "", name = ""] = text.split("/");
  return { type, mesh, name };
};

it("writes first what the rest needs, and a resource that is there twice in the order of the documents", () => {
  const documents = [
    "GlobalSecret//user-token-signing-key-1",
    "Dataplane/default/web-1",
    "MeshService/default/web",
    "MeshTimeout/default/a",
    "Secret/default/s",
    "Mesh//default",
    "MeshTimeout/default/a",
  ];
  expect(writeOrder(documents.map(of)).map((group) => group.map((i) => documents[i]))).toEqual([
    ["Mesh//default"],
    ["Secret/default/s"],
    ["MeshService/default/web", "MeshTimeout/default/a"],
    ["MeshTimeout/default/a"],
    ["Dataplane/default/web-1"],
    ["GlobalSecret//user-token-signing-key-1"],
  ]);
});
