/**
 * What may be written at the same time. A Mesh comes before everything in it; a Dataplane after MeshServices, since a zone makes those of
 * a Dataplane that are not there, and does not give them up again; signing keys of user tokens come last, since after them the token that writes
 * may be none any more; one resource that is there twice is written in the order of the documents.
 */

export interface Placed {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
}

const MESH = 0;
const SECRET = 1;
const OTHER = 2;
const DATAPLANE = 3;
const SIGNING_KEY = 4;

/** Groups of indexes: each may start when the one before is done; within one the order does not matter. */
export function writeOrder(resources: readonly Placed[]): readonly (readonly number[])[] {
  const seen = new Map<string, number>();
  const groups = new Map<string, { readonly rank: number; readonly round: number; readonly indexes: number[] }>();
  for (const [index, resource] of resources.entries()) {
    const key = `${resource.type}/${resource.mesh}/${resource.name}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    const rank = rankOf(resource);
    const group = groups.get(`${rank}/${round}`) ?? { rank, round, indexes: [] };
    group.indexes.push(index);
    groups.set(`${rank}/${round}`, group);
  }
  return [...groups.values()].sort((a, b) => a.rank - b.rank || a.round - b.round).map(({ indexes }) => indexes);
}

function rankOf({ type, name }: Placed): number {
  if (type === "Mesh") return MESH;
  if (type === "Dataplane") return DATAPLANE;
  if (type === "GlobalSecret" && name.startsWith("user-token-signing-key")) return SIGNING_KEY;
  return type === "Secret" || type === "GlobalSecret" ? SECRET : OTHER;
}
