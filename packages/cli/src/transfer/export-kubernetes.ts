/** Manifests of an export, so that another cluster takes them. Source: kuma v2.14.3: app/kumactl/cmd/export. */
import { ORIGIN_LABEL } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { textAt } from "../output/member.ts";
import { type ExportProfile, exportedForm, isFederation } from "./export-content.ts";

/** Written by the cluster that the manifest comes from. */
const OF_CLUSTER: ReadonlySet<string> = new Set([
  "resourceVersion",
  "ownerReferences",
  "uid",
  "generation",
  "managedFields",
]);
const META: ReadonlySet<string> = new Set([
  "type",
  "mesh",
  "name",
  "creationTime",
  "modificationTime",
  "labels",
  "kri",
  "status",
]);

/** Undefined: of a namespace whose resources another global would not take. `resource` is the same in its universal form. */
export function exportedManifest(
  manifest: JsonObject,
  resource: JsonObject,
  options: { readonly profile: ExportProfile; readonly systemNamespace: string },
): JsonObject | undefined {
  const { profile, systemNamespace } = options;
  const namespace = textAt(manifest, "metadata", "namespace");
  if (profile !== "all" && namespace !== undefined && namespace !== systemNamespace) return undefined;
  const { metadata } = manifest;
  const cleaned = isJsonObject(metadata) ? cleanMetadata(metadata, profile) : metadata;
  return {
    ...manifest,
    ...(cleaned === undefined ? {} : { metadata: cleaned }),
    ...(resource["type"] === "Mesh" ? { spec: specOf(exportedForm(resource, profile)) } : {}),
  };
}

function cleanMetadata(metadata: JsonObject, profile: ExportProfile): JsonObject {
  const kept = Object.entries(metadata).filter(([name]) => !OF_CLUSTER.has(name));
  if (!isFederation(profile)) return Object.fromEntries(kept);
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (!["labels", "annotations"].includes(name) || !isJsonObject(value)) return [name, value];
      return [name, Object.fromEntries(Object.entries(value).filter(([key]) => key !== ORIGIN_LABEL))];
    }),
  );
}

/** Of a type whose spec stands beside the meta members. */
function specOf(resource: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !META.has(name)));
}
