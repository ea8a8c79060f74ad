/** Cost of one resource on KDS: ten thousand of each arrive when a zone connects. `npx vitest bench packages/resources` */
import { readFileSync } from "node:fs";
import { bench, describe } from "vitest";
import { decodeSpec, encodeSpec } from "./kds-codec.ts";
import { Registry } from "./registry.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { validateResource } from "./validate-resource.ts";

interface Recorded {
  readonly type: string;
  readonly typeUrl: string;
  readonly spec?: string;
  readonly specBase64?: string;
}

const registry = new Registry(builtinTypes);
const recorded = JSON.parse(
  readFileSync(new URL("../testdata/kds-specs.json", import.meta.url), "utf8"),
) as readonly Recorded[];

const emptyResource = { mesh: "default", name: "a", labels: {}, creationTime: "", modificationTime: "", version: 0 };

for (const name of ["MeshService", "Dataplane", "MeshTimeout"]) {
  const descriptor = registry.get(name);
  const sample = recorded.find((r) => r.type === name);
  if (descriptor === undefined || sample === undefined) throw new Error(`no recorded ${name}`);
  const bytes = sample.spec === undefined ? Buffer.from(sample.specBase64 ?? "", "base64") : Buffer.from(sample.spec);
  const decoded = decodeSpec(descriptor, sample.typeUrl, bytes);
  if (!decoded.ok) throw new Error(decoded.error);
  describe(name, () => {
    bench("decode", () => {
      decodeSpec(descriptor, sample.typeUrl, bytes);
    });
    const resource = { ...emptyResource, type: name, ...decoded.value };
    bench("validate", () => {
      validateResource(descriptor, resource, { mode: "global" }, { isFromPeer: true });
    });
    bench("encode", () => {
      encodeSpec(descriptor, decoded.value);
    });
  });
}
