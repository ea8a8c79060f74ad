/**
 * What the process that gets killed writes, as a function: the commits of each writer are known from their number alone,
 * so that whoever opens the folder afterwards can tell from one number what must be there.
 */
import type { ResourceKey } from "@isthmus/resources";
import { seededRandom } from "@isthmus/testkit";
import type { Op } from "../store.ts";

/** Writers that commit at the same time, so that batches form. Each awaits its own commits. */
export const WRITERS = 4;
const MEMBERS = 6;
/** More than a page of LMDB, so that values of their own pages occur too. */
const PAYLOAD_MAX_BYTES = 9_000;
const RECREATE_EVERY = 5;

/** Changed by each commit of a writer: `spec.n` is the number of the last one. */
export function headOf(writer: number): ResourceKey {
  return { type: "Zone", mesh: "", name: `writer-${writer}` };
}

/**
 * Commit `n` (from 1) of a writer, of which each changes several resources: the head, a few members, and once in a while
 * the mesh, whose deletion takes all members along and which comes back with some of them.
 */
export function commitOf(writer: number, n: number): readonly Op[] {
  const random = seededRandom(writer * 1_000_003 + n);
  const mesh = { type: "Mesh", mesh: "", name: `mesh-${writer}` };
  const isLast = n % RECREATE_EVERY === 0;
  const isFirst = n % RECREATE_EVERY === 1;
  const ops: Op[] = [];
  if (isFirst) ops.push(put(mesh, n));
  for (let i = 0; i < MEMBERS; i += 1) {
    const member = { type: "Dataplane", mesh: mesh.name, name: `member-${i}` };
    if (isFirst || (!isLast && random() < 0.5))
      ops.push(put(member, n, { owner: mesh, bytes: payloadBytes(random()) }));
  }
  ops.push(put(headOf(writer), n));
  if (isLast) ops.push({ kind: "delete", key: mesh });
  return ops;
}

/** Mostly small. */
function payloadBytes(uniform: number): number {
  return Math.floor(PAYLOAD_MAX_BYTES * uniform ** 4);
}

function put(key: ResourceKey, n: number, { owner, bytes = 0 }: { owner?: ResourceKey; bytes?: number } = {}): Op {
  const spec = { n, payload: "x".repeat(bytes) };
  return { kind: "put", resource: { ...key, labels: {}, spec, ...(owner && { owner }) } };
}
