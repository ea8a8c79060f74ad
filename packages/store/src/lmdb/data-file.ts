/**
 * Reads an LMDB data file without LMDB: every page that is reachable from the newest meta page, each checked before it is
 * followed. LMDB trusts its file: a truncated or overwritten one makes it end the process with a bus or segmentation
 * fault (seen with lmdb 3.5.6), which a supervisor answers with an endless loop of restarts that nobody understands. So
 * damage is found here, before LMDB sees the file, and nothing is written while looking.
 *
 * Format (lmdb 3.5.6: dependencies/lmdb/libraries/liblmdb/mdb.c, data version 2, 64 bit, little endian). Page: number u64, txn u64, pad u16, flags u16,
 * lower u16, upper u16 (or count of overflow pages u32), then node offsets u16, relative to the end of the header.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const PAGE_HEADER_BYTES = 24;
const PAGE_BRANCH = 0x01;
const PAGE_LEAF = 0x02;
const PAGE_OVERFLOW = 0x04;
const PAGE_META = 0x08;
const PAGE_KINDS = 0x6f;
const NODE_HEADER_BYTES = 8;
const NODE_BIG_DATA = 0x01;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_PAGES = 2;
const META_BYTES = 144;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const PAGE_MIN_BYTES = 256;
const PAGE_MAX_BYTES = 65_536;
const DEPTH_MAX = 32;

export interface DataFileEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What is wrong with the file; `message` names the page. */
export class DataFileDamage extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DataFileDamage";
  }
}

/** All entries of the main tree in order of key. Throws DataFileDamage, or the error of the file system. */
export function* readDataFile(path: string): Generator<DataFileEntry> {
  const descriptor = openSync(path, "r");
  try {
    const file = new PagedFile(descriptor);
    const meta = file.newestMeta();
    const visited = new Set<number>();
    // The list of free pages is checked too, though not read: LMDB follows it with the first write.
    for (const _ of file.entries(meta.free, meta.lastPage, visited)) continue;
    yield* file.entries(meta.main, meta.lastPage, visited);
  } finally {
    closeSync(descriptor);
  }
}

/** How large the file is by its newest meta page. Throws like `readDataFile`. */
export function measureDataFile(descriptor: number): DataFileSize {
  const file = new PagedFile(descriptor);
  const { lastPage, main, free } = file.newestMeta();
  return {
    pageBytes: file.pageBytes,
    pages: lastPage + 1,
    depth: main.depth,
    treePages: main.pages,
    freePages: free.pages,
  };
}

export interface DataFileSize {
  readonly pageBytes: number;
  /** In use or free; the file may go on beyond them. */
  readonly pages: number;
  /** Of the main tree. */
  readonly depth: number;
  readonly treePages: number;
  /** Of the list of free pages: those that hold the list. */
  readonly freePages: number;
}

interface Tree {
  readonly name: string;
  readonly depth: number;
  /** Without those of values that have pages of their own. */
  readonly pages: number;
  readonly entries: number;
  /** undefined: empty. */
  readonly root: number | undefined;
}

interface Meta {
  readonly transaction: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

class PagedFile {
  readonly #descriptor: number;
  readonly #size: number;
  readonly pageBytes: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#size = fstatSync(descriptor).size;
    const start = this.#read(0, PAGE_HEADER_BYTES + META_BYTES, "page 0");
    const pageBytes = start.readUInt32LE(PAGE_HEADER_BYTES + 24);
    checkMeta(start, 0);
    const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
    if (!isPowerOfTwo || pageBytes < PAGE_MIN_BYTES || pageBytes > PAGE_MAX_BYTES) {
      throw new DataFileDamage(`page 0 names an impossible page size (${pageBytes})`);
    }
    this.pageBytes = pageBytes;
  }

  newestMeta(): Meta {
    const [even, odd] = [this.#meta(0), this.#meta(1)];
    // Transactions alternate between the two, so anything but neighbours means that one of the numbers is wrong, and
    // the newest state could be taken for an old one.
    const isEvenNewer = even.transaction > odd.transaction;
    const isFresh = even.transaction === 0 && odd.transaction === 0;
    const areNeighbours = Math.abs(even.transaction - odd.transaction) === 1 && even.transaction % 2 === 0;
    if (!isFresh && !areNeighbours) {
      throw new DataFileDamage(`the meta pages are of transactions ${even.transaction} and ${odd.transaction}`);
    }
    const meta = isEvenNewer ? even : odd;
    // Whoever believed these would lengthen the file accordingly (reserved-space.ts keeps all pages within the file).
    if ((meta.lastPage + 1) * this.pageBytes > this.#size) {
      throw new DataFileDamage(`the file ends before its ${meta.lastPage + 1} pages do (${this.#size} bytes)`);
    }
    if (meta.main.pages + meta.free.pages > meta.lastPage) throw new DataFileDamage("its trees have too many pages");
    return meta;
  }

  *entries(tree: Tree, lastPage: number, visited: Set<number>): Generator<DataFileEntry> {
    let count = 0;
    if (tree.root !== undefined) {
      if (tree.depth < 1 || tree.depth > DEPTH_MAX)
        throw new DataFileDamage(`the ${tree.name} tree has depth ${tree.depth}`);
      for (const entry of this.#walk(tree.root, tree.depth, { lastPage, visited })) {
        count += 1;
        yield entry;
      }
    }
    if (count !== tree.entries) {
      throw new DataFileDamage(`the ${tree.name} tree holds ${count} entries instead of ${tree.entries}`);
    }
  }

  #meta(number: 0 | 1): Meta {
    const page = this.#read(number * this.pageBytes, PAGE_HEADER_BYTES + META_BYTES, `page ${number}`);
    checkMeta(page, number);
    const base = PAGE_HEADER_BYTES;
    return {
      free: readTree("free-page", page, base + 24),
      main: readTree("main", page, base + 72),
      lastPage: readCount(page, base + 120, `page ${number}`),
      transaction: readCount(page, base + 128, `page ${number}`),
    };
  }

  *#walk(number: number, depth: number, bounds: Bounds): Generator<DataFileEntry> {
    const page = this.#treePage(number, depth > 1 ? PAGE_BRANCH : PAGE_LEAF, bounds);
    for (const at of nodeOffsets(page, number)) {
      if (depth > 1) {
        if (at + NODE_HEADER_BYTES + page.readUInt16LE(at + 6) > page.length) throw leavesPage(number);
        const low = page.readUInt32LE(at);
        const child = low + page.readUInt16LE(at + 4) * 0x1_0000_0000;
        yield* this.#walk(child, depth - 1, bounds);
      } else {
        yield this.#entry(page, at, number, bounds);
      }
    }
  }

  #entry(page: Buffer, at: number, number: number, bounds: Bounds): DataFileEntry {
    const valueBytes = page.readUInt32LE(at);
    const flags = page.readUInt16LE(at + 4);
    const keyEnd = at + NODE_HEADER_BYTES + page.readUInt16LE(at + 6);
    const isBig = (flags & NODE_BIG_DATA) !== 0;
    if ((flags & ~NODE_BIG_DATA) !== 0)
      throw new DataFileDamage(`page ${number} holds a node of an unknown kind (${flags})`);
    if (keyEnd + (isBig ? 8 : valueBytes) > page.length) throw leavesPage(number);
    const key = page.subarray(at + NODE_HEADER_BYTES, keyEnd);
    if (!isBig) return { key, value: page.subarray(keyEnd, keyEnd + valueBytes) };
    return { key, value: this.#bigValue(readCount(page, keyEnd, `page ${number}`), valueBytes, bounds) };
  }

  #bigValue(number: number, valueBytes: number, bounds: Bounds): Buffer {
    const pages = Math.ceil((PAGE_HEADER_BYTES + valueBytes) / this.pageBytes);
    for (let i = 0; i < pages; i += 1) visit(number + i, bounds);
    const bytes = this.#read(number * this.pageBytes, PAGE_HEADER_BYTES + valueBytes, `page ${number}`);
    checkPage(bytes, number, PAGE_OVERFLOW);
    if (bytes.readUInt32LE(20) < pages) throw new DataFileDamage(`overflow page ${number} is shorter than its value`);
    return bytes.subarray(PAGE_HEADER_BYTES);
  }

  #treePage(number: number, kind: number, bounds: Bounds): Buffer {
    visit(number, bounds);
    const page = this.#read(number * this.pageBytes, this.pageBytes, `page ${number}`);
    checkPage(page, number, kind);
    return page;
  }

  #read(position: number, length: number, what: string): Buffer {
    if (position + length > this.#size)
      throw new DataFileDamage(`the file ends before ${what} does (${this.#size} bytes)`);
    const bytes = Buffer.allocUnsafeSlow(length);
    if (readSync(this.#descriptor, bytes, 0, length, position) !== length) {
      throw new DataFileDamage(`the file ends before ${what} does`);
    }
    return bytes;
  }
}

interface Bounds {
  readonly lastPage: number;
  readonly visited: Set<number>;
}

/** No page is part of two things; a cycle would never end. */
function visit(number: number, { lastPage, visited }: Bounds): void {
  if (number < META_PAGES || number > lastPage)
    throw new DataFileDamage(`page ${number} is outside of the file's ${lastPage + 1} pages`);
  if (visited.has(number)) throw new DataFileDamage(`page ${number} is used twice`);
  visited.add(number);
}

function checkMeta(page: Buffer, number: number): void {
  const magic = page.readUInt32LE(PAGE_HEADER_BYTES);
  const version = page.readUInt32LE(PAGE_HEADER_BYTES + 4) & 0xffff;
  if ((page.readUInt16LE(18) & PAGE_META) === 0 || magic !== MAGIC)
    throw new DataFileDamage(`page ${number} is not a meta page of LMDB`);
  if (version !== DATA_VERSION)
    throw new DataFileDamage(`page ${number} has LMDB data version ${version} instead of ${DATA_VERSION}`);
}

function checkPage(page: Buffer, number: number, kind: number): void {
  const found = page.readUInt16LE(18) & PAGE_KINDS;
  if (readCount(page, 0, `page ${number}`) !== number || found !== kind) {
    throw new DataFileDamage(`page ${number} is not what its place says (kind ${found} instead of ${kind})`);
  }
}

const leavesPage = (number: number): DataFileDamage => new DataFileDamage(`a node of page ${number} leaves the page`);

function nodeOffsets(page: Buffer, number: number): number[] {
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const body = page.length - PAGE_HEADER_BYTES;
  if (lower % 2 !== 0 || lower > upper || upper > body || lower === 0)
    throw new DataFileDamage(`page ${number} has an impossible layout`);
  const offsets: number[] = [];
  for (let i = 0; i < lower; i += 2) {
    const offset = page.readUInt16LE(PAGE_HEADER_BYTES + i);
    if (offset < upper || offset + NODE_HEADER_BYTES > body)
      throw new DataFileDamage(`a node of page ${number} lies outside of it`);
    offsets.push(PAGE_HEADER_BYTES + offset);
  }
  return offsets;
}

function readTree(name: string, page: Buffer, at: number): Tree {
  const count = (offset: number): number => readCount(page, at + offset, `the ${name} tree`);
  const root = page.readBigUInt64LE(at + 40) === NO_PAGE ? undefined : count(40);
  return { name, depth: page.readUInt16LE(at + 6), pages: count(8) + count(16), entries: count(32), root };
}

function readCount(bytes: Buffer, at: number, what: string): number {
  const value = Number(bytes.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw new DataFileDamage(`${what} holds an impossible number`);
  return value;
}
