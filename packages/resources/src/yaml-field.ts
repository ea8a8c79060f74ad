/** Where in a YAML document a field is, by the path that violations have: `spec.to[0].targetRef.kind`, `labels["a/b"]`. */
import { isMap, isNode, isScalar, isSeq, type Node, parseDocument } from "yaml";

/**
 * Finds the offset in the text of a field, or of the deepest part of its path that is there; undefined where nothing of it is. The text
 * is read again when a field is looked up, which is seldom: trees of thousands of documents are not worth keeping for it.
 */
export function fieldFinder(text: () => string): (field: string) => number | undefined {
  let known: WeakRef<object> | undefined;
  const root = (): object | null => {
    const tree = known?.deref() ?? parseDocument(text(), { version: "1.2" }).contents;
    if (tree !== null && known?.deref() !== tree) known = new WeakRef(tree);
    return tree;
  };
  return (field) => {
    let node: unknown = root();
    let offset: number | undefined;
    for (const segment of segmentsOf(field)) {
      const found = childOf(node, segment);
      if (found === undefined) return offset;
      offset = found.offset;
      node = found.node;
    }
    return offset;
  };
}

interface Child {
  readonly node: unknown;
  /** Of the name of a member, of an item itself. */
  readonly offset: number;
}

function childOf(node: unknown, segment: string | number): Child | undefined {
  if (isSeq(node)) {
    const item = typeof segment === "number" ? node.items[segment] : undefined;
    return isNode(item) ? childAt(item, item) : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  return pair !== undefined && isNode(pair.key) ? childAt(pair.value, pair.key) : undefined;
}

function childAt(node: unknown, place: Node): Child | undefined {
  return place.range ? { node, offset: place.range[0] } : undefined;
}

/** A quoted segment may hold anything but quotes, a plain one neither dots nor brackets. */
function segmentsOf(field: string): readonly (string | number)[] {
  return [...field.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, plain]) =>
    index === undefined ? (quoted ?? plain ?? "") : Number(index),
  );
}
