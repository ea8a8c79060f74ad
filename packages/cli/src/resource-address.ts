/** Types as an operator writes them, and the paths of resources as the server itself describes them. */
import type { ApiClient, ResourceType } from "@isthmus/api";
import { CommandError, ExitCode } from "./exit-code.ts";

/**
 * Finds a type by name, path, singular or short name, with hyphens or without, in any case: `MeshTimeout`, `meshtimeouts`,
 * `meshtimeout`, `mt`, `zone-ingress`.
 */
export async function findType(client: ApiClient, word: string): Promise<ResourceType> {
  const types = await client.resourceTypes();
  const found = matchType(types, word);
  if (found) return found;
  throw new CommandError(
    `unknown type ${JSON.stringify(word)}; the server knows ${types.map((type) => type.path).join(", ")}`,
    ExitCode.usage,
  );
}

export function matchType(types: readonly ResourceType[], word: string): ResourceType | undefined {
  const wanted = plain(word);
  if (wanted === "") return undefined;
  return types.find((type) => [type.name, type.path, type.shortName].some((name) => plain(name) === wanted));
}

export function collectionPath(type: ResourceType, mesh: string): string {
  return type.scope === "Mesh" ? `meshes/${pathSegment("mesh", mesh)}/${type.path}` : type.path;
}

export function resourcePath(type: ResourceType, mesh: string, name: string): string {
  return `${collectionPath(type, mesh)}/${pathSegment("name", name)}`;
}

/** Of an address: `delete meshtimeout ..` would otherwise delete the mesh. */
export function pathSegment(what: string, text: string): string {
  if (text !== "" && text !== "." && text !== ".." && !text.includes("/")) return text;
  throw new CommandError(`the ${what} ${JSON.stringify(text)} cannot be that of a resource`, ExitCode.usage);
}

const plain = (name: string): string => name.toLowerCase().replaceAll("-", "");
