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
  /** A resource: the first bytes, a cluster as a whole, of the message inside of its Any, valid during the call. */
  readonly onResource: (start: Buffer, typeUrl: string) => void;
  readonly onMessage: (response: DiscoveryHead) => void;
  /** Bytes to look for in what arrives. */
  readonly seek?: () => Buffer | undefined;
}

export class DiscoveryReader {
  readonly #options: DiscoveryReaderOptions;
  /** What was too little to go on with. */
  #rest: Buffer = Buffer.alloc(0);
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
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const used = this.#take(bytes, isHere);
      if (used === 0) break;
      bytes = bytes.subarray(used);
    }
    // A copy: the chunk shall not live on with it.
    this.#rest = Buffer.from(bytes);
  }

  /** How many bytes it could use; 0: it needs more. */
  #take(bytes: Buffer, isHere: boolean): number {
    const response = this.#response;
    if (response === undefined) return this.#begin(bytes, isHere);
    if (this.#fieldLeft > 0) return this.#skip(bytes);
    if (this.#messageLeft === 0) {
      this.#response = undefined;
      this.#options.onMessage(response);
      return this.#take(bytes, isHere);
    }
    return this.#field(bytes, response);
  }

  #begin(bytes: Buffer, isFound: boolean): number {
    if (bytes.length < GRPC_HEADER_BYTES) return 0;
    if (bytes[0] !== 0) throw new Error("compressed gRPC message");
    const size = bytes.readUInt32BE(1);
    const isWhole = size <= WHOLE_BYTES_MAX;
    if (isWhole && bytes.length < GRPC_HEADER_BYTES + size) return 0;
    const message = isWhole ? Buffer.from(bytes.subarray(GRPC_HEADER_BYTES, GRPC_HEADER_BYTES + size)) : undefined;
    this.#messageLeft = size;
    this.#response = { typeUrl: "", version: "", nonce: "", size, resources: 0, message, isFound };
    return GRPC_HEADER_BYTES;
  }

  #skip(bytes: Buffer): number {
    const used = Math.min(bytes.length, this.#fieldLeft);
    this.#fieldLeft -= used;
    this.#messageLeft -= used;
    return used;
  }

  /** Uses the beginning of a field; the rest of a long one is skipped. */
  #field(bytes: Buffer, response: DiscoveryHead): number {
    const tag = bytes[0] ?? 0;
    const available = Math.min(bytes.length, this.#messageLeft);
    if (available < Math.min(PREFIX_BYTES_MAX, this.#messageLeft)) return 0;
    const [length, start] = varintAt(bytes, 1);
    if ((tag & 7) !== BYTES) throw new Error(`unexpected field ${tag} of a DiscoveryResponse`);
    const looked = Math.min(length, HEAD_BYTES);
    if (bytes.length < start + looked) return 0;
    const content = bytes.subarray(start, start + looked);
    if (tag === ((2 << 3) | BYTES)) {
      response.resources += 1;
      this.#options.onResource(insideOfAny(content), response.typeUrl || typeOfAny(content));
    } else if (tag === ((1 << 3) | BYTES)) response.version = content.toString();
    else if (tag === ((4 << 3) | BYTES)) response.typeUrl = content.toString();
    else if (tag === ((5 << 3) | BYTES)) response.nonce = content.toString();
    this.#messageLeft -= start + looked;
    this.#fieldLeft = length - looked;
    return start + looked;
  }
}

/** Where the name of a resource stands in its first bytes: field 1 of all types. */
export function nameRange(resource: Buffer): readonly [start: number, end: number] {
  if (resource[0] !== ((1 << 3) | BYTES)) return [0, 0];
  const [length, start] = varintAt(resource, 1);
  return [start, start + length];
}

/** Of a Cluster, whose type of discovery is field 2, wherever that stands. */
export function isEdsCluster(cluster: Buffer): boolean {
  for (let position = 0; position < cluster.length; ) {
    const [tag, start] = varintAt(cluster, position);
    if (tag === ((2 << 3) | VARINT)) return cluster[start] === EDS;
    const [value, end] = varintAt(cluster, start);
    position = (tag & 7) === BYTES ? end + value : end;
  }
  return false;
}

const EDS = 3;

/** An Any is its type and its value; both are always there. */
function insideOfAny(any: Buffer): Buffer {
  const [typeLength, typeStart] = varintAt(any, 1);
  const [, start] = varintAt(any, typeStart + typeLength + 1);
  return any.subarray(start);
}

function typeOfAny(any: Buffer): string {
  const [length, start] = varintAt(any, 1);
  return any.toString("latin1", start, start + length);
}

function varintAt(bytes: Buffer, position: number): readonly [value: number, next: number] {
  let value = 0;
  let next = position;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[next] ?? 0;
    next += 1;
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return [value, next];
  }
}
