/**
 * Bug hypothesis: some document, spec or bytes that a user or a peer can send make reading, defaults, rules or printing
 * throw, hang or reach a prototype, instead of giving violations.
 */
import { readdirSync, readFileSync } from "node:fs";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSpec, decodeStatus, encodeSpec, encodeStatus } from "./kds-codec.ts";
import { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { parseResourceFile } from "./resource-file.ts";
import { parseResource, resourceToRest, restText } from "./rest-codec.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { validateResource } from "./validate-resource.ts";

const registry = new Registry(builtinTypes);
const types = registry.all().filter(({ validate, format }) => validate !== undefined || format.kind === "json");

const texts = (file: string): string => readFileSync(new URL(`../testdata/${file}`, import.meta.url), "utf8");
const filesIn = (folder: string): string[] =>
  readdirSync(new URL(`../testdata/${folder}`, import.meta.url)).map((file) => folder + file);
/** What Kuma's own code takes. */
const goodPolicies = filesIn("policy-answers/").flatMap((file) => {
  const { type: ofType, rows } = JSON.parse(texts(file)) as {
    readonly type: string;
    readonly rows: readonly { readonly spec: JsonObject; readonly user: { readonly spec?: string } }[];
  };
  const head = { type: ofType, mesh: "default", name: "a" };
  return rows.filter(({ user }) => user.spec !== undefined).map(({ spec }) => ({ ...head, spec }));
});
/** Names of members that mean something: those of good documents, and those that mean something to JavaScript. */
const names = [
  ...new Set(
    [
      ...["canonical-specs.json", "schema-answers.json", "rest/dataplane.json", "rest/mesh.json"].map(texts),
      JSON.stringify(goodPolicies),
    ]
      .join("")
      .match(/(?<=")[A-Za-z]+(?="\s*:)/g) ?? [],
  ),
];
const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "length", "0", "", "a.b/c"),
  fc.string({ maxLength: 4 }),
);
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    80,
    65_536,
    2 ** 31,
    2 ** 53,
    1e300,
    "",
    "1h",
    "-1s",
    "tcp",
  ),
  fc.constantFrom(
    "{{ .Name }}",
    "{{",
    "[",
    "127.0.0.1",
    "::",
    "http://a:1",
    "Bundled",
    "prometheus",
    "builtin",
    "provided",
  ),
  fc.string({ maxLength: 6, unit: "binary" }),
);
const { value: json } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    // Own members, whatever their name, as JSON.parse makes them.
    fc.array(fc.tuple(name, tie("value")), { maxLength: 5 }).map((members) => JSON.parse(text(members)) as JsonObject),
  ),
}));
const text = (members: readonly (readonly [string, JsonValue])[]): string =>
  `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`;

const object = json.filter(isJsonObject);
const type = fc.constantFrom(...types);

function resourceOf(descriptor: TypeDescriptor, spec: JsonObject): Resource {
  return {
    type: descriptor.name,
    mesh: descriptor.scope === "Mesh" ? "default" : "",
    name: "a",
    labels: {},
    spec,
    creationTime: "",
    modificationTime: "",
    version: 0,
  };
}

/** All that is done with a spec once it is read. */
function useSpec(descriptor: TypeDescriptor, spec: JsonObject): void {
  const resource = resourceOf(descriptor, descriptor.defaults?.(spec) ?? spec);
  for (const isFromPeer of [true, false]) {
    for (const violation of validateResource(descriptor, resource, { mode: "zone" }, { isFromPeer })) {
      expect(violation).toEqual({ field: expect.any(String), reason: expect.any(String) });
    }
  }
  descriptor.deprecations?.(resource);
  restText(resourceToRest(descriptor, resource));
}

/** The document as text, with the value at that place (counted over all of them) replaced. */
function replaced(document: JsonObject, at: number, part: JsonValue): string {
  let count = 0;
  JSON.stringify(document, (_key, value: unknown) => {
    count += 1;
    return value;
  });
  let seen = 0;
  return JSON.stringify(document, (_key, value: unknown) => (seen++ === 1 + (at % (count - 1)) ? part : value));
}

/** Nobody reached a prototype that all objects share. */
function expectCleanPrototypes(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
}

describe("nothing throws", () => {
  it("on any document of a user", () => {
    fc.assert(
      fc.property(type, json, object, fc.boolean(), (descriptor, whole, spec, isWhole) => {
        const head = { type: descriptor.name, mesh: "default", name: "a" };
        const given = isWhole ? whole : descriptor.format.kind === "json" ? { ...head, spec } : { ...spec, ...head };
        // Also with the letters of `__proto__` written as escapes.
        const document = JSON.stringify(given).replaceAll("__p", isWhole ? "__p" : "_\\u005fp");
        const parsed = parseResource(descriptor, document, { validate: { mode: "global" } });
        if (parsed.ok) {
          expect(Object.getPrototypeOf(parsed.value.spec)).toBe(Object.prototype);
          useSpec(descriptor, parsed.value.spec);
        }
        expectCleanPrototypes();
      }),
      { numRuns: 400 },
    );
  });

  it("on a good document with one part replaced", () => {
    const good = [...filesIn("rest/").map((file) => JSON.parse(texts(file)) as JsonObject), ...goodPolicies];
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.nat(), json, (document, at, part) => {
        const descriptor = registry.get(typeof document.type === "string" ? document.type : "") ?? expect.fail();
        const parsed = parseResource(descriptor, replaced(document, at, part), { validate: { mode: "global" } });
        if (parsed.ok) useSpec(descriptor, parsed.value.spec);
        expectCleanPrototypes();
      }),
      { numRuns: 1_500 },
    );
  });

  it("in the rules of a type, whatever the spec", () => {
    fc.assert(
      fc.property(type, object, (descriptor, spec) => {
        useSpec(descriptor, spec);
        expectCleanPrototypes();
      }),
      { numRuns: 400 },
    );
  });

  it("on any bytes of a peer", () => {
    const bytes = fc.oneof(
      json.map((value) => Buffer.from(JSON.stringify(value))),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(type, bytes, (descriptor, given) => {
        const url = descriptor.format.kind === "json" ? "" : `type.googleapis.com/${descriptor.format.message}`;
        const decoded = decodeSpec(descriptor, url, given);
        if (decoded.ok) {
          useSpec(descriptor, decoded.value.spec);
          const again = encodeSpec(descriptor, { ...resourceOf(descriptor, {}), ...decoded.value });
          expect(decodeSpec(descriptor, again.typeUrl, again.bytes)).toEqual(decoded);
        }
        const status = decodeStatus(descriptor, given);
        if (status.ok && status.value !== undefined) encodeStatus(descriptor, { status: status.value });
        expectCleanPrototypes();
      }),
      { numRuns: 400 },
    );
  });

  it("on any file", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          json.map((value) => JSON.stringify(value)),
        ),
        (file) => {
          parseResourceFile(file, registry);
          expectCleanPrototypes();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("what is canonical", () => {
  it("stays as it is when it is printed and read again", () => {
    fc.assert(
      fc.property(type, object, (descriptor, spec) => {
        const head = { type: descriptor.name, mesh: "default", name: "a" };
        const given = descriptor.format.kind === "json" ? { ...head, spec } : { ...spec, ...head };
        const parsed = parseResource(descriptor, JSON.stringify(given));
        if (!parsed.ok) return;
        const printed = restText(resourceToRest(descriptor, parsed.value));
        expect(parseResource(descriptor, printed, { isFromServer: true })).toEqual(parsed);
      }),
      { numRuns: 400 },
    );
  });
});
