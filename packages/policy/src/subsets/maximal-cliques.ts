/** All groups of nodes that are connected with one another and to which none can be added: Bron-Kerbosch with pivots. */
import { BitSet } from "./bit-set.ts";

/** `neighbours[n]`: the nodes connected with `n`, without itself. undefined: there are more than `limit`. */
export function maximalCliques(
  neighbours: readonly BitSet[],
  limit: number,
): readonly (readonly number[])[] | undefined {
  const size = neighbours.length;
  const none = new BitSet(size);
  const cliques: (readonly number[])[] = [];

  /** `chosen` is connected; `open` could extend it; `done` could too, but has been looked at. False: too many. */
  function search(chosen: readonly number[], open: BitSet, done: BitSet): boolean {
    if (open.isEmpty() && done.isEmpty()) {
      cliques.push(chosen.toSorted((a, b) => a - b));
      return cliques.length <= limit;
    }
    for (const node of open.andNot(pivotNeighbours(open, done)).values()) {
      const near = neighbours[node] ?? none;
      if (!search([...chosen, node], open.and(near), done.and(near))) return false;
      open.delete(node);
      done.add(node);
    }
    return true;
  }

  /** What is connected with the pivot is found through it or its neighbours; the best pivot leaves the least to try. */
  function pivotNeighbours(open: BitSet, done: BitSet): BitSet {
    let best = none;
    let bestOverlap = -1;
    for (const node of open.or(done).values()) {
      const near = neighbours[node] ?? none;
      const overlap = near.overlap(open);
      if (overlap > bestOverlap) {
        best = near;
        bestOverlap = overlap;
      }
    }
    return best;
  }

  return search([], BitSet.full(size), new BitSet(size)) ? cliques : undefined;
}
