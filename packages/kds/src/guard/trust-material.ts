/**
 * Types whose replacement by the wrong source cuts every connection of the mesh, or hands it over: secrets, CAs, and the
 * Config by which a zone knows its global.
 */
const TRUST_MATERIAL: ReadonlySet<string> = new Set(["Config", "Secret", "GlobalSecret", "MeshTrust", "MeshIdentity"]);

export function isTrustMaterial(type: string): boolean {
  return TRUST_MATERIAL.has(type);
}
