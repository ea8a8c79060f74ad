/**
 * Header fields as HTTP/2 encodes them (RFC 7541), for a peer that was told to have no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0): what it sends is
 * literal or in the static table.
 */
import { decodeHuffman } from "./huffman-code.ts";

/** RFC 7541, appendix A, from index 1: names, some of them with a value. */
const STATIC_TABLE: readonly (readonly [name: string, value: string])[] = [
  ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204",
  ":status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate",
  "accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control",
  "content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type",
  "cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since",
  "last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after",
  "server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate",
]
  .flatMap((line) => line.split("|"))
  .map((entry) => {
    const [name = "", ...value] = entry.split(" ");
    return [name, value.join(" ")];
  });

/** Bits of the first byte of a representation, and how many of the others begin its index or size. */
const INDEXED = 0x80;
const INDEXED_BITS = 7;
const WITH_INDEXING = 0x40;
const WITH_INDEXING_BITS = 6;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_BITS = 5;
const LITERAL_BITS = 4;
const HUFFMAN = 0x80;
const STRING_BITS = 7;
const INTEGER_MAX = 2 ** 28;

/** Names are in lower case, texts latin1; all literal, so that nobody has to remember them. */
export function encodeHeaderBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Buffer[] = [];
  for (const text of fields.flatMap(([name, value]) => [undefined, name, value])) {
    if (text === undefined) parts.push(Buffer.of(0));
    else parts.push(encodeInteger(Buffer.byteLength(text, "latin1"), STRING_BITS), Buffer.from(text, "latin1"));
  }
  return Buffer.concat(parts);
}

function encodeInteger(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let rest = value - most;
  for (; rest > 0x7f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.of(...bytes, rest);
}

/** By name; values of the same name are joined by a comma. Throws when the block is malformed or means a dynamic table. */
export function decodeHeaderBlock(block: Uint8Array): Map<string, string> {
  const fields = new Map<string, string>();
  const reader = new BlockReader(block);
  while (!reader.isAtEnd) {
    const field = readField(reader);
    if (field === undefined) continue;
    const [name, value] = field;
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

function readField(reader: BlockReader): readonly [name: string, value: string] | undefined {
  const first = reader.peek();
  if ((first & INDEXED) !== 0) return staticEntry(reader.integer(INDEXED_BITS));
  if ((first & (WITH_INDEXING | SIZE_UPDATE)) === SIZE_UPDATE) {
    if (reader.integer(SIZE_UPDATE_BITS) !== 0) throw new Error("a header block wants a dynamic table");
    return undefined;
  }
  const index = reader.integer((first & WITH_INDEXING) !== 0 ? WITH_INDEXING_BITS : LITERAL_BITS);
  const name = index === 0 ? reader.string() : staticEntry(index)[0];
  return [name, reader.string()];
}

function staticEntry(index: number): readonly [name: string, value: string] {
  const entry = STATIC_TABLE[index - 1];
  if (entry === undefined) throw new Error(`a header block has index ${index}, which is not in the static table`);
  return entry;
}

class BlockReader {
  readonly #block: Uint8Array;
  #position = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#block.length;
  }

  peek(): number {
    const byte = this.#block[this.#position];
    if (byte === undefined) throw new Error("a header block is cut off");
    return byte;
  }

  #byte(): number {
    const byte = this.peek();
    this.#position += 1;
    return byte;
  }

  /** Whose first byte has `bits` of it. */
  integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (value > INTEGER_MAX) throw new Error("an integer of a header block is too large");
      if (byte < 0x80) return value;
    }
  }

  string(): string {
    const isHuffman = (this.peek() & HUFFMAN) !== 0;
    const length = this.integer(STRING_BITS);
    const bytes = this.#block.subarray(this.#position, this.#position + length);
    if (bytes.length < length) throw new Error("a string of a header block is cut off");
    this.#position += length;
    return (isHuffman ? decodeHuffman(bytes) : Buffer.from(bytes)).toString("latin1");
  }
}
