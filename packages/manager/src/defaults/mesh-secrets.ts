/** The key that tokens of a mesh's Dataplanes are signed with. */
import { DEFAULT_SERIAL, dataplaneKeyRing, keyAddress, latestSerial } from "@isthmus/identity";
import type { Op } from "@isthmus/store";
import { meshSecret } from "../keys/secrets.ts";
import type { WriteContext } from "../write-rule.ts";

/** No operation where the mesh has one, whatever its serial. */
export async function signingKeyOp(mesh: string, context: WriteContext): Promise<readonly Op[]> {
  const ring = dataplaneKeyRing(mesh);
  if (latestSerial(context.store, ring) !== undefined) return [];
  const { name } = keyAddress(ring, DEFAULT_SERIAL);
  return [{ kind: "put", resource: meshSecret(mesh, name, await context.keys.signingKey()), expect: "absent" }];
}
