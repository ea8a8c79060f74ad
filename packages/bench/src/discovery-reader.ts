/**
 * Reads DiscoveryResponses from a stream as they arrive, without ever having a large one in one piece: a thousand proxies in one process get some
 * megabytes each. Of every resource only its beginning is looked at, where its name is.
 */
import { BYTES, VARINT } from "@isthmus/proto";

const GRPC_HEADER_BYTES = 5;
/** Of a field, as much as is looked at; longer ones are listeners. */
const HEAD_BYTES = 4_096;
/** Tag and length of a field. */
const PREFIX_BYTES_MAX = 6;
/** Messages up to this size are also given as they are. */
export const WHOLE_BYTES_MAX = 64 * 1024;

export interface DiscoveryHead {
  typeUrl: string;
  version: string;
  nonce: string;
  /** Bytes of the message. */
  size: number;
  resources: number;
  /** The whole message, unless it is large. */
  message: Buffer | undefined;
  /** Whether the bytes that were sought are in it; see `seek`. */
  isFound: boolean;
}

export interface DiscoveryReaderOptions {
  /** Whose resources are looked at; of others there is a number. */
  readonly typeUrl: string;
  /** A resource: where the first bytes, a cluster as a whole, of the message inside of its Any are; valid during the call. */
  readonly onResource: (bytes: Buffer, start: number, end: number) => void;
  readonly onMessage: (response: DiscoveryHead) => void;
  /** Bytes to look for in what arrives. */
  readonly seek?: () => Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

export class DiscoveryReader {
  readonly #options: DiscoveryReaderOptions;
  /** What was too little to go on with. */
  #rest: Buffer = NOTHING;
  /** How much it takes to go on. */
  #needed = 0;
  #response: DiscoveryHead | undefined;
  /** Of the message and of the field that is being read. */
  #messageLeft = 0;
  #fieldLeft = 0;

  constructor(options: DiscoveryReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    const sought = this.#options.seek?.();
    const isHere = sought !== undefined && chunk.includes(sought);
    if (isHere && this.#response !== undefined) this.#response.isFound = true;
    const hasRest = this.#rest.length > 0;
    let bytes = hasRest ? this.#rest : chunk;
    let position = 0;
    /** How much of the chunk is in `bytes`: of one that follows a rest, no more than it takes to go on. */
    let taken = hasRest ? 0 : chunk.length;
    for (;;) {
      const next = this.#take(bytes, position, isHere);
      if (next !== undefined) position = next;
      else if (taken === chunk.length) break;
      else if (position === bytes.length) {
        bytes = chunk;
        position = taken;
        taken = chunk.length;
      } else {
        const end = Math.min(chunk.length, taken + this.#needed - (bytes.length - position));
        bytes = Buffer.concat([bytes.subarray(position), chunk.subarray(taken, end)]);
        position = 0;
        taken = end;
      }
    }
    // A copy: the chunk shall not live on with it.
    this.#rest = position === bytes.length ? NOTHING : Buffer.from(bytes.subarray(position));
  }

  /** Where to go on; undefined: it needs more. */
  #take(bytes: Buffer, position: number, isHere: boolean): number | undefined {
    const response = this.#response;
    if (response === undefined) return this.#begin(bytes, position, isHere);
    if (this.#fieldLeft > 0) return this.#skip(bytes, position);
    if (this.#messageLeft > 0) return this.#field(bytes, position, response);
    this.#response = undefined;
    this.#options.onMessage(response);
    return position;
  }

  #has(bytes: Buffer, position: number, needed: number): boolean {
    this.#needed = needed;
    return bytes.length - position >= needed;
  }

  #begin(bytes: Buffer, position: number, isFound: boolean): number | undefined {
    if (!this.#has(bytes, position, GRPC_HEADER_BYTES)) return undefined;
    if (bytes[position] !== 0) throw new Error("compressed gRPC message");
    const size = bytes.readUInt32BE(position + 1);
    const start = position + GRPC_HEADER_BYTES;
    const isWhole = size <= WHOLE_BYTES_MAX;
    if (isWhole && !this.#has(bytes, position, GRPC_HEADER_BYTES + size)) return undefined;
    const message = isWhole ? Buffer.from(bytes.subarray(start, start + size)) : undefined;
    this.#messageLeft = size;
    this.#response = { typeUrl: "", version: "", nonce: "", size, resources: 0, message, isFound };
    return start;
  }

  #skip(bytes: Buffer, position: number): number | undefined {
    if (!this.#has(bytes, position, 1)) return undefined;
    const used = Math.min(bytes.length - position, this.#fieldLeft);
    this.#fieldLeft -= used;
    this.#messageLeft -= used;
    return position + used;
  }

  /** Uses the beginning of a field; the rest of a long one, and of a resource that nobody looks at, is skipped. */
  #field(bytes: Buffer, position: number, response: DiscoveryHead): number | undefined {
    const { typeUrl, onResource } = this.#options;
    if (!this.#has(bytes, position, Math.min(PREFIX_BYTES_MAX, this.#messageLeft))) return undefined;
    const tag = bytes[position] ?? 0;
    if ((tag & 7) !== BYTES) throw new Error(`unexpected field ${tag} of a DiscoveryResponse`);
    let length = 0;
    let start = position + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[start] ?? 0;
      start += 1;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const isResource = tag === ((2 << 3) | BYTES);
    const isSkipped = isResource && response.typeUrl !== "" && response.typeUrl !== typeUrl;
    const looked = isSkipped ? 0 : Math.min(length, HEAD_BYTES);
    if (!this.#has(bytes, position, start - position + looked)) return undefined;
    const end = start + looked;
    if (isResource) {
      response.resources += 1;
      if (!isSkipped && (response.typeUrl || typeOfAny(bytes, start)) === typeUrl)
        onResource(bytes, insideOfAny(bytes, start), end);
    } else if (tag === ((1 << 3) | BYTES)) response.version = bytes.toString("utf8", start, end);
    else if (tag === ((4 << 3) | BYTES)) response.typeUrl = bytes.toString("utf8", start, end);
    else if (tag === ((5 << 3) | BYTES)) response.nonce = bytes.toString("utf8", start, end);
    this.#messageLeft -= end - position;
    this.#fieldLeft = length - looked;
    return end;
  }
}

/** Where the name of a resource stands that begins at `at`: field 1 of all types. */
export function nameRange(bytes: Buffer, at: number): readonly [start: number, end: number] {
  if (bytes[at] !== ((1 << 3) | BYTES)) return [at, at];
  const start = varintEnd(bytes, at + 1);
  return [start, start + varintAt(bytes, at + 1)];
}

/** Of a Cluster, whose type of discovery is field 2, wherever that stands. */
export function isEdsCluster(bytes: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; ) {
    const tag = varintAt(bytes, position);
    const value = varintEnd(bytes, position);
    if (tag === ((2 << 3) | VARINT)) return bytes[value] === EDS;
    position = varintEnd(bytes, value);
    if ((tag & 7) === BYTES) position += varintAt(bytes, value);
  }
  return false;
}

const EDS = 3;

/** An Any is its type and its value; both are always there. */
function insideOfAny(bytes: Buffer, at: number): number {
  return varintEnd(bytes, varintEnd(bytes, at + 1) + varintAt(bytes, at + 1) + 1);
}

function typeOfAny(bytes: Buffer, at: number): string {
  const start = varintEnd(bytes, at + 1);
  return bytes.toString("latin1", start, start + varintAt(bytes, at + 1));
}

function varintAt(bytes: Buffer, at: number): number {
  let value = 0;
  let position = at;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[position] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    position += 1;
  }
}

/** Where the varint ends that begins at `at`. */
function varintEnd(bytes: Buffer, at: number): number {
  let position = at;
  while ((bytes[position] ?? 0) >= 0x80) position += 1;
  return position + 1;
}
