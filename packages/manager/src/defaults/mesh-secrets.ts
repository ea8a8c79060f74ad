/** The key that tokens of a mesh's Dataplanes are signed with. */
import type { Op } from "@isthmus/store";
import { dataplaneTokenSigningKey, meshSecret } from "../keys/secrets.ts";
import type { WriteContext } from "../write-rule.ts";

/** No operation where the mesh has one. */
export async function signingKeyOp(mesh: string, context: WriteContext): Promise<readonly Op[]> {
  const name = dataplaneTokenSigningKey(mesh);
  if (context.store.get({ type: "Secret", mesh, name }) !== undefined) return [];
  return [{ kind: "put", resource: meshSecret(mesh, name, await context.keys.signingKey()) }];
}
