/** Reads of collections from outside of a derivation: nothing is remembered. */
import type { Read } from "@isthmus/reactor";

export const DIRECT_READ: Read = {
  get: (collection, key) => collection.get(key),
  lookup: (index, indexKey) => index.lookup(indexKey),
  value: (singleton) => singleton.value,
  all: (collection) => collection.values(),
  entries: (collection) => collection.entries(),
};
