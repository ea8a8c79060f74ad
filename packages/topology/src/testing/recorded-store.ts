/** Stores of zones of Kuma 2.14.3, as its REST printed them (testdata/recorded). CA certificates are left out. */
import { readFileSync } from "node:fs";
import { labelsOf, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, parseJson } from "@isthmus/std";

/** `a`: mTLS of the mesh, ZoneIngress and ZoneEgress. `b`: MeshIdentity, zone proxies of the mesh. */
export type RecordedStore = "a-east" | "a-west" | "b-east" | "b-west";

export function recordedStore(name: RecordedStore): readonly Resource[] {
  const text = readFileSync(new URL(`../../testdata/recorded/${name}.jsonl`, import.meta.url), "utf8");
  return text.trimEnd().split("\n").map(resourceOf);
}

function resourceOf(line: string): Resource {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`no JSON object: ${line}`);
  const document = parsed.value;
  const {
    type: _t,
    mesh: _m,
    name: _n,
    creationTime: _c,
    modificationTime: _d,
    labels: _l,
    spec,
    status,
    ...rest
  } = document;
  const base = {
    type: textOf(document, "type"),
    mesh: textOf(document, "mesh"),
    name: textOf(document, "name"),
    labels: labelsOf(document, "labels"),
    spec: isJsonObject(spec) ? spec : (rest satisfies JsonObject),
    creationTime: textOf(document, "creationTime"),
    modificationTime: textOf(document, "modificationTime"),
    version: 1,
  };
  return isJsonObject(status) ? { ...base, status } : base;
}
