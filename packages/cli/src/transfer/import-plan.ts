/**
 * What of an export has to be written to a server: what is there already as the export has it is left alone, so that an import can be
 * repeated, and goes on where it ended. What the server does not take from operators is left out, and counted by reason.
 */
import type { ApiClient, ResourceType, RestResource } from "@isthmus/api";
import { builtinTypes, isReadOnly, ORIGIN_LABEL, Registry } from "@isthmus/resources";
import { isJsonObject, type JsonObject, jsonEquals } from "@isthmus/std";
import { withServerLabels, written } from "../apply/dry-run.ts";
import { forEachBounded } from "../bounded.ts";
import { type SourceDocument, withResource } from "../documents.ts";
import { collectionPath } from "../resource-address.ts";
import { orUndefined, type ServerRole } from "../server-role.ts";
import { readAll } from "./read-all.ts";

export interface ImportPlan {
  /** In the order of the files, without what a server writes itself. */
  readonly documents: readonly SourceDocument[];
  /** There already. */
  readonly unchanged: number;
  /** Reason and how many, such as `DataplaneInsight: kept by control planes`. */
  readonly leftOut: ReadonlyMap<string, number>;
}

const READS_AT_ONCE = 8;
const OF_INSTALLATION: ReadonlySet<string> = new Set(["envoy-admin-ca", "inter-cp-ca"]);
const registry = new Registry(builtinTypes);

export async function planImport(
  client: ApiClient,
  documents: readonly SourceDocument[],
  options: {
    readonly role: ServerRole | undefined;
    readonly mesh: string;
    /** What is there with another content stays. */
    readonly keepExisting: boolean;
    readonly onDone?: (done: number, total: number) => void;
  },
): Promise<ImportPlan> {
  const types = new Map((await client.resourceTypes()).map((type) => [type.name, type]));
  const leftOut = new Map<string, number>();
  const wanted = documents.filter((document) => {
    const reason = reasonToLeaveOut(document, types.get(document.resource.type), options.role);
    if (reason === undefined) return true;
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    return false;
  });
  const existing = await readExisting(client, wanted, types, options);
  let unchanged = 0;
  const changed = wanted.flatMap((document) => {
    const type = types.get(document.resource.type);
    // Unknown types are told as failures with their line when they are applied.
    if (type === undefined) return [document];
    const descriptor = registry.get(type.name);
    const after = written(descriptor, document.resource);
    const current = existing.get(keyOf(document, type, options.mesh));
    if (current !== undefined) {
      const before = written(descriptor, current as JsonObject);
      const isSame = jsonEquals(before, withServerLabels(withMesh(after, type, options.mesh), before));
      if (isSame || options.keepExisting) {
        if (isSame) unchanged += 1;
        else leftOut.set(KEPT, (leftOut.get(KEPT) ?? 0) + 1);
        return [];
      }
    }
    return [withResource(document, after as SourceDocument["resource"])];
  });
  return { documents: changed, unchanged, leftOut };
}

const KEPT = "there already with another content (--keep-existing)";

function withMesh(resource: JsonObject, type: ResourceType, mesh: string): JsonObject {
  return type.scope === "Mesh" && resource["mesh"] === undefined ? { ...resource, mesh } : resource;
}

function reasonToLeaveOut(
  { resource }: SourceDocument,
  type: ResourceType | undefined,
  role: ServerRole | undefined,
): string | undefined {
  if (type === undefined) return undefined;
  const descriptor = registry.get(type.name);
  if (descriptor?.isReadOnly ?? type.readOnly) return `${type.name}: control planes write it themselves`;
  if (type.name === "GlobalSecret" && OF_INSTALLATION.has(resource.name))
    return `${resource.name}: belongs to one installation`;
  if (role === undefined || descriptor === undefined) return undefined;
  if (isReadOnly(descriptor, role)) return `${type.name}: not to be written on a ${role.mode}`;
  const origin = originOf(resource);
  if (role.mode === "global" && origin === "zone") return `${type.name}: of a zone, which sends it itself`;
  if (role.mode === "zone" && role.isFederated && origin === "global")
    return `${type.name}: of the global, which sends it itself`;
  return undefined;
}

function originOf(resource: JsonObject): unknown {
  const labels = resource["labels"];
  return isJsonObject(labels) ? labels[ORIGIN_LABEL] : undefined;
}

/** All of the collections that the documents are in; in a mesh that is not there is nothing. */
async function readExisting(
  client: ApiClient,
  documents: readonly SourceDocument[],
  types: ReadonlyMap<string, ResourceType>,
  { mesh, onDone }: { readonly mesh: string; readonly onDone?: (done: number, total: number) => void },
): Promise<ReadonlyMap<string, RestResource>> {
  const paths = new Map<string, ResourceType>();
  for (const document of documents) {
    const type = types.get(document.resource.type);
    if (type !== undefined) paths.set(collectionPath(type, meshOf(document, type, mesh)), type);
  }
  const existing = new Map<string, RestResource>();
  let done = 0;
  await forEachBounded([...paths], READS_AT_ONCE, async ([path, type]) => {
    const found = await orUndefined(() => readAll(client, path));
    for (const item of found?.items ?? []) existing.set(`${type.name}/${item.mesh ?? ""}/${item.name}`, item);
    done += 1;
    onDone?.(done, paths.size);
  });
  return existing;
}

function meshOf({ resource }: SourceDocument, type: ResourceType, mesh: string): string {
  if (type.scope !== "Mesh") return "";
  return typeof resource["mesh"] === "string" && resource["mesh"] !== "" ? resource["mesh"] : mesh;
}

function keyOf(document: SourceDocument, type: ResourceType, mesh: string): string {
  return `${type.name}/${meshOf(document, type, mesh)}/${document.resource.name}`;
}
