/**
 * Bodies made from the OpenAPI document of the server, for every type that may be written: never a crash or a 500; and what
 * is accepted, shown and put again is the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, mesh, rig } from "./testing/rig.ts";
import { arbitraryOf, type Components } from "./testing/schema-arbitrary.ts";

const SEED = 5;
const RUNS = 60;

/** What random members hardly ever are: right. */
const SAMPLES: Readonly<Record<string, readonly JsonObject[]>> = {
  ...acceptedSpecs(),
  Mesh: [{}, { mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] } }],
  Dataplane: [
    { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "a" } }] } },
    { networking: { address: "10.0.0.1", gateway: { tags: { "kuma.io/service": "a" } } } },
  ],
  HostnameGenerator: [
    {
      spec: {
        selector: { meshService: { matchLabels: { a: "b" } } },
        template: "{{ .DisplayName }}.mesh",
      },
    },
  ],
  MeshTrust: [
    {
      spec: {
        trustDomain: "east",
        caBundles: [
          {
            type: "Pem",
            pem: { value: `-----BEGIN CERTIFICATE-----\n${"A".repeat(64)}\n-----END CERTIFICATE-----\n` },
          },
        ],
      },
    },
  ],
};

const { ask } = rig({ mode: "zone", zoneName: "east", isFederated: false });
const document = JSON.parse((await ask("GET", "/openapi.json")).text) as JsonObject;
const schemas = (document["components"] as { schemas: Components }).schemas;
const { resources } = JSON.parse((await ask("GET", "/_resources")).text) as {
  resources: { name: string; path: string; scope: string; readOnly: boolean }[];
};
await ask("PUT", "/meshes/default", mesh("default"));

const bodyOf = ({ text }: Answer): JsonObject => JSON.parse(text) as JsonObject;
const lasting = (shown: JsonObject): JsonObject => ({ ...shown, modificationTime: "" });

describe.each(resources.filter(({ readOnly }) => !readOnly))("$name", ({ name: type, path, scope }) => {
  const collection = scope === "Mesh" ? `/meshes/default/${path}` : `/${path}`;
  const schema = schemas[type] ?? {};

  it("answers every body, and shows what it took", async () => {
    let accepted = 0;
    const random = arbitraryOf(schema, schemas).filter(isJsonObject);
    const samples = (SAMPLES[type] ?? []).map((sample) => fc.constant(sample));
    const mixed = samples.map((sample) => fc.tuple(sample, random).map(([right, other]) => ({ ...other, ...right })));
    const spec = samples.length === 0 ? random : fc.oneof(random, ...samples, ...mixed);
    await fc.assert(
      fc.asyncProperty(spec, fc.constantFrom("a", "b", "c.d"), async (members, name) => {
        const url = `${collection}/${name}`;
        const body = { ...members, type, name, ...(scope === "Mesh" ? { mesh: "default" } : {}), labels: {} };
        const answer = await ask("PUT", url, body);
        expect(answer.status, `${JSON.stringify(body)} -> ${answer.text}`).toBeLessThan(500);
        if (answer.status >= 400) {
          expect(bodyOf(answer)).toMatchObject({ type: "/std-errors", status: answer.status });
          return;
        }
        accepted += 1;
        const shown = await ask("GET", url);
        expect(shown.status).toBe(200);
        const again = await ask("PUT", url, shown.text);
        expect([again.status, shown.text, again.text]).toEqual([200, shown.text, expect.any(String)]);
        expect(lasting(bodyOf(await ask("GET", url)))).toEqual(lasting(bodyOf(shown)));
        for (const format of ["kubernetes", "universal"]) {
          expect((await ask("GET", `${url}?format=${format}`)).status).toBe(200);
        }
        expect((await ask("DELETE", url)).status).toBeLessThan(500);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

/** Specs that Kuma took. */
function acceptedSpecs(): Record<string, readonly JsonObject[]> {
  return { ...accepted("policy-answers"), ...accepted("legacy-answers") };
}

function accepted(folderName: string): Record<string, readonly JsonObject[]> {
  const folder = new URL(`../../resources/testdata/${folderName}/`, import.meta.url);
  const files = readdirSync(folder).map(
    (file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { type?: string; rows?: readonly Row[] },
  );
  return Object.fromEntries(
    files.flatMap(({ type, rows = [] }) => (type === undefined ? [] : [[type, rows.flatMap(acceptedBody)]])),
  );
}

function acceptedBody({ spec, user, accepted }: Row): readonly JsonObject[] {
  if (user !== undefined) return user.spec === undefined ? [] : [{ spec }];
  return accepted === undefined ? [] : [spec];
}

interface Row {
  readonly spec: JsonObject;
  /** Of a policy whose body has a `spec`; its own is there when it was taken. */
  readonly user?: { readonly spec?: string };
  /** Of a type whose spec is the body, when it was taken. */
  readonly accepted?: unknown;
}
