/** Stores of zones of Kuma 2.14.3, as its REST printed them (testdata/recorded). CA certificates are left out. */
import { readFileSync } from "node:fs";
import type { Labels, Resource } from "@isthmus/resources";
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
  const { type, mesh = "", name, creationTime, modificationTime, labels = {}, spec, status, ...rest } = parsed.value;
  const base = {
    type: String(type),
    mesh: String(mesh),
    name: String(name),
    labels: labels as Labels,
    spec: isJsonObject(spec) ? spec : (rest satisfies JsonObject),
    creationTime: String(creationTime),
    modificationTime: String(modificationTime),
    version: 1,
  };
  return isJsonObject(status) ? { ...base, status } : base;
}
