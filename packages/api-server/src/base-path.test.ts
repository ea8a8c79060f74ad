import { describe, expect, it } from "vitest";
import { BasePath } from "./base-path.ts";
import { mesh, rig } from "./testing/rig.ts";

it.each([
  ["/", "/meshes?size=1", "/meshes?size=1"],
  ["", "/", "/"],
  ["/api", "/api/meshes?size=1", "/meshes?size=1"],
  ["api/", "/api", "/"],
  ["/api", "/api?a=b", "/?a=b"],
  ["/api", "/apis", "/%00"],
  ["/api", "/meshes", "/%00"],
  ["/api", "/", "/%00"],
  ["/api", "/gui/api/x", "/gui/api/x"],
  ["/api", "/tokens/user", "/tokens/user"],
  ["/api", "/tokens/zone", "/%00"],
])("under %s, %s leads to %s", (base, url, routed) => {
  expect(new BasePath(base, ["/gui"]).route(url)).toBe(routed);
});

describe("a server under a base path", async () => {
  const { ask } = rig({ basePath: "/mesh/api" });
  for (const name of ["a", "b"]) await ask("PUT", `/mesh/api/meshes/${name}`, mesh(name));

  it("answers there alone, with links that lead there", async () => {
    expect((await ask("GET", "/mesh/api")).text).toContain('"product"');
    expect(await ask("GET", "/meshes")).toMatchObject({ status: 404, text: "404: Page Not Found" });
    const { next } = JSON.parse((await ask("GET", "/mesh/api/meshes?size=1")).text) as { next: string };
    expect(next).toBe("http://localhost:5681/mesh/api/meshes?offset=1&size=1");
    expect((await ask("GET", next.slice("http://localhost:5681".length))).text).toContain('"name": "b"');
  });
});

describe("methods", async () => {
  const { ask } = rig();
  await ask("PUT", "/meshes/default", mesh("default"));

  it("HEAD is GET without the body", async () => {
    const got = await ask("GET", "/meshes/default");
    const head = await ask("HEAD", "/meshes/default");
    expect([head.status, head.text, head.headers["content-type"]]).toEqual([200, "", "application/json"]);
    expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(got.text)));
    expect((await ask("HEAD", "/meshes/none")).status).toBe(404);
  });

  it.each(["OPTIONS", "PATCH", "POST"])("%s is refused, saying what is allowed", async (method) => {
    const answer = await ask(method, "/meshes/default");
    expect(answer).toMatchObject({ status: 405, text: "405: Method Not Allowed" });
    expect(String(answer.headers["allow"]).split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "PUT"]);
  });

  it("paths may end with a slash", async () => {
    expect((await ask("GET", "/meshes/default/")).status).toBe(200);
    expect((await ask("GET", "/meshes/?size=1")).status).toBe(200);
  });
});
