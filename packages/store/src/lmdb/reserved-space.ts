/**
 * Room for the next transaction, taken before LMDB begins it: the data file is lengthened by as much as the transaction
 * can need at worst. When the disk is full that fails here, as an error, with nothing touched. In LMDB it must not
 * happen: the report of a failed write overruns its buffer (lmdb 3.5.6: mdb.c, mdb_page_flush, 100 bytes), and the
 * process ends then or later.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type DataFileSize, measureDataFile } from "./data-file.ts";

const PAGE_HEADER_BYTES = 24;
/** Node header, key and offset; LMDB rounds to even. */
const ROW_OVERHEAD_BYTES = 18;
/** A free page is listed in 8 bytes; runs of pages take two entries. */
const FREE_ENTRY_BYTES = 16;
/** A page per level for the path, and two neighbours that a removal may merge or move. */
const TOUCHED_PER_LEVEL = 3;
const SPARE_PAGES = 16;
const ZEROS = Buffer.alloc(262_144);
/** What a large transaction turned out not to need is given back, but for this or so much of the file. */
const KEPT_MIN_BYTES = 1_048_576;
const KEPT_SHARE = 1 / 8;

export interface RowSizes {
  readonly removed: readonly Buffer[];
  readonly written: readonly { readonly value: Buffer }[];
}

export class ReservedSpace {
  readonly #descriptor: number;
  #wasLengthened = false;

  /** The file must be there. */
  constructor(path: string) {
    this.#descriptor = openSync(path, "r+");
  }

  /** Throws the error of the file system; the file is then as long as before. */
  reserve(rows: RowSizes): void {
    const size = measureDataFile(this.#descriptor);
    const target = (size.pages + pagesNeeded(size, rows)) * size.pageBytes;
    const length = fstatSync(this.#descriptor).size;
    if (target <= length) return;
    this.#wasLengthened = true;
    try {
      for (let at = length; at < target; ) {
        at += writeSync(this.#descriptor, ZEROS, 0, Math.min(ZEROS.length, target - at), at);
      }
    } catch (error) {
      ftruncateSync(this.#descriptor, length);
      throw error;
    }
  }

  /** After the transaction: nothing that is in use lies behind the last page. */
  giveBack(): void {
    if (!this.#wasLengthened) return;
    this.#wasLengthened = false;
    const { pages, pageBytes } = measureDataFile(this.#descriptor);
    const used = pages * pageBytes;
    const kept = used + Math.max(KEPT_MIN_BYTES, Math.ceil(used * KEPT_SHARE));
    if (fstatSync(this.#descriptor).size > kept) ftruncateSync(this.#descriptor, kept);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** An upper bound, should no free page be used again. */
export function pagesNeeded(size: DataFileSize, { removed, written }: RowSizes): number {
  const body = size.pageBytes - PAGE_HEADER_BYTES;
  let own = 0;
  let shared = 0;
  for (const { value } of written) {
    const rowBytes = ROW_OVERHEAD_BYTES + value.length;
    const isOwn = rowBytes > body / 2 - 4;
    if (isOwn) own += Math.ceil((PAGE_HEADER_BYTES + value.length) / size.pageBytes);
    shared += isOwn ? ROW_OVERHEAD_BYTES + 8 : rowBytes;
  }
  const rows = removed.length + written.length;
  // At worst a page is left a third full when it is split, and no insertion splits more than one leaf.
  const leaves = Math.min(written.length, Math.ceil((3 * shared) / body)) + 1;
  const branches = Math.ceil(leaves / 32) + size.depth + 1;
  const copied = Math.min(rows * TOUCHED_PER_LEVEL * (size.depth + 1), size.treePages);
  const listed = Math.ceil((FREE_ENTRY_BYTES * (size.pages + copied + own + leaves)) / size.pageBytes);
  return own + leaves + branches + copied + 2 * (listed + size.freePages) + SPARE_PAGES;
}
