/** Whatever is sent: no crash, no 500, no answer without an error object, and the store holds valid names only. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { mesh, rig } from "./testing/rig.ts";

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

const { ask, store } = rig({ mode: "zone", zoneName: "east", isFederated: false });
const { resources } = JSON.parse((await ask("GET", "/_resources")).text) as {
  resources: { name: string; path: string; scope: string }[];
};
await ask("PUT", "/meshes/default", mesh("default"));

const type = fc.constantFrom(...resources);
const name = fc.oneof(fc.constantFrom("a", "_overview", "%00", "a%2Fb", "A"), fc.string({ maxLength: 300 }));
/** Members that types look at, with values of every kind. */
const spec = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, fc.jsonValue({ maxDepth: 2 }), tie("object")),
  object: fc.dictionary(
    fc.oneof(
      fc.constantFrom(
        "selector",
        "ports",
        "port",
        "match",
        "endpoints",
        "targetRef",
        "kind",
        "to",
        "from",
        "default",
        "mtls",
        "backends",
        "name",
        "type",
        "conf",
        "networking",
        "inbound",
        "tags",
        "gateway",
        "address",
        "template",
        "data",
        "__proto__",
      ),
      fc.string({ maxLength: 5 }),
    ),
    tie("value"),
    { maxKeys: 6 },
  ),
})).object;

it("random bodies and names", async () => {
  await fc.assert(
    fc.asyncProperty(
      type,
      name,
      spec,
      fc.jsonValue({ maxDepth: 3 }),
      fc.boolean(),
      async (each, rawName, members, extra, isNamed) => {
        const collection = each.scope === "Mesh" ? `/meshes/default/${each.path}` : `/${each.path}`;
        const text = isNamed ? decodeName(rawName) : rawName;
        const meta = { type: each.name, name: text, ...(each.scope === "Mesh" ? { mesh: "default" } : {}) };
        const body = { ...(members as object), ...meta, spec: members, labels: extra };
        const answer = await ask(
          "PUT",
          `${collection}/${isNamed ? rawName : encodeURIComponent(rawName)}`,
          JSON.stringify(body),
        );
        expect(answer.status, `${each.name} ${JSON.stringify(body)} -> ${answer.text}`).toBeLessThan(500);
        for (const method of ["GET", "DELETE"]) {
          expect((await ask(method, `${collection}/${encodeURIComponent(rawName)}`)).status).toBeLessThan(500);
        }
        expect((await ask("GET", collection)).status).toBe(200);
        for (const resource of store.list(each.name)) expect(resource.name).toMatch(NAME);
      },
    ),
    { numRuns: 400 },
  );
});

it("random text as a body", async () => {
  await fc.assert(
    fc.asyncProperty(type, fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })), async (each, body) => {
      const collection = each.scope === "Mesh" ? `/meshes/default/${each.path}` : `/${each.path}`;
      const answer = await ask("PUT", `${collection}/a`, body === "" ? " " : body);
      expect(answer.status, answer.text).toBeLessThan(500);
      if (answer.status >= 400)
        expect(JSON.parse(answer.text)).toMatchObject({ type: "/std-errors", status: answer.status });
    }),
    { numRuns: 300 },
  );
});

it("random paths and queries", async () => {
  const part = fc.oneof(
    fc.constantFrom("meshes", "default", "zones", "dataplanes", "_overview", "sync", "holds", ""),
    fc.webSegment(),
    fc.string({ maxLength: 8 }),
  );
  const query = fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom("size", "offset", "name", "tag", "gateway", "filter[labels.a]", "filter[", "format"),
        fc.string(),
      ),
      fc.string(),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "PUT", "DELETE", "POST", "PATCH"),
      fc.array(part, { maxLength: 5 }),
      query,
      async (method, parts, pairs) => {
        const search = new URLSearchParams(pairs).toString();
        const path = `/${parts.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
        const answer = await ask(method, path, method === "GET" ? undefined : {});
        expect(answer.status, `${method} ${path} -> ${answer.text}`).toBeLessThan(500);
      },
    ),
    { numRuns: 500 },
  );
});

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
