/** Frames of HTTP/2 (RFC 9113): how one is written, and a reader of those that arrive, wherever the bytes are cut. */

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** `ack` is of settings and pings, the others of data and headers. */
export const FLAG = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const SETTING = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4, maxFrameSize: 5 } as const;

export const FRAME_HEAD_BYTES = 9;
/** Of the payload, unless a peer says otherwise. */
export const FRAME_BYTES_MAX = 16_384;
const PRIORITY_BYTES = 5;

/** The peer does not speak as it should. */
export class Http2Error extends Error {
  constructor(message: string, cause?: unknown) {
    super(`HTTP/2: ${message}`, { cause });
    this.name = "Http2Error";
  }
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** Bytes of the whole payload, as flow control counts them. */
  readonly size: number;
  /** Without padding and priority; of data empty. */
  readonly payload: Buffer;
}

export interface FrameReaderOptions {
  /** Some bytes of a frame of data, valid during the call. */
  readonly onData: (piece: Buffer) => void;
  /** A frame is complete; data was given before. */
  readonly onFrame: (frame: Frame) => void;
}

export function writeFrameHead(to: Buffer, at: number, size: number, type: number, flags: number, id: number): void {
  to.writeUIntBE(size, at, 3);
  to[at + 3] = type;
  to[at + 4] = flags;
  to.writeUInt32BE(id, at + 5);
}

export function encodeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  writeFrameHead(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

const NOTHING = Buffer.alloc(0);

/** `push` throws an `Http2Error` when a frame is too large or wrongly padded. */
export class Http2FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headSize = 0;
  #type = 0;
  #flags = 0;
  #size = 0;
  /** Of the payload, not yet read. */
  #left = 0;
  /** Of data, without padding; undefined until the length of the padding is read. */
  #contentLeft: number | undefined;
  /** Of the payload of anything else. */
  #pieces: Buffer[] = [];

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    for (let position = 0; position < chunk.length; ) {
      if (this.#headSize < FRAME_HEAD_BYTES) {
        const used = Math.min(FRAME_HEAD_BYTES - this.#headSize, chunk.length - position);
        chunk.copy(this.#head, this.#headSize, position, position + used);
        this.#headSize += used;
        position += used;
        if (this.#headSize === FRAME_HEAD_BYTES) this.#begin();
      } else {
        const used = Math.min(this.#left, chunk.length - position);
        const piece = chunk.subarray(position, position + used);
        this.#left -= used;
        position += used;
        if (this.#type === FRAME.data) this.#data(piece);
        else this.#pieces.push(this.#left === 0 && this.#pieces.length === 0 ? piece : Buffer.from(piece));
        if (this.#left === 0) this.#finish();
      }
    }
  }

  #begin(): void {
    this.#size = this.#head.readUIntBE(0, 3);
    this.#type = this.#head[3] ?? 0;
    this.#flags = this.#head[4] ?? 0;
    if (this.#size > FRAME_BYTES_MAX) throw new Http2Error(`a frame of ${this.#size} bytes`);
    this.#left = this.#size;
    this.#contentLeft = (this.#flags & FLAG.padded) === 0 ? this.#size : undefined;
    if (this.#left === 0) this.#finish();
  }

  #data(piece: Buffer): void {
    let content = piece;
    if (this.#contentLeft === undefined) {
      this.#contentLeft = this.#size - 1 - (piece[0] ?? 0);
      if (this.#contentLeft < 0) throw new Http2Error("a frame is smaller than its padding");
      content = piece.subarray(1);
    }
    if (content.length > this.#contentLeft) content = content.subarray(0, this.#contentLeft);
    this.#contentLeft -= content.length;
    if (content.length > 0) this.#options.onData(content);
  }

  #finish(): void {
    const [only = NOTHING, ...others] = this.#pieces;
    const payload = others.length === 0 ? only : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#headSize = 0;
    this.#options.onFrame({
      type: this.#type,
      flags: this.#flags,
      streamId: this.#head.readUInt32BE(5) & 0x7fffffff,
      size: this.#size,
      payload: this.#type === FRAME.headers ? headerBlockOf(payload, this.#flags) : payload,
    });
  }
}

function headerBlockOf(payload: Buffer, flags: number): Buffer {
  const isPadded = (flags & FLAG.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((flags & FLAG.priority) === 0 ? 0 : PRIORITY_BYTES);
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  if (start > end) throw new Http2Error("a frame is smaller than its padding");
  return payload.subarray(start, end);
}
