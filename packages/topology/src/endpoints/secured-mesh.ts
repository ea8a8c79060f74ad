/** Zones route by the server name of TLS, so what leaves the own zone needs mTLS: the mesh's own, or that of a MeshIdentity. */
import type { World } from "../world/world.ts";

export function isSecured(mesh: string, world: World): boolean {
  return world.mesh(mesh)?.hasMtls === true || hasIdentities(mesh, world);
}

export function hasIdentities(mesh: string, world: World): boolean {
  return world.all("MeshIdentity", mesh).length > 0;
}
