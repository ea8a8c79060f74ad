/**
 * A call of gRPC in both directions, alone on a TLS connection. HTTP/2 as far as that needs it, without node:http2: a thousand proxies in one process
 * get gigabytes, and all of them read into the same buffer.
 */
import type { ConnectOpts } from "node:net";
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from "node:tls";
import { decodeHeaderBlock, encodeHeaderBlock } from "./hpack.ts";
import { encodeFrame, FLAG, FRAME, type Frame, Http2Error, Http2FrameReader, SETTING } from "./http2-frame.ts";
import { DEFAULT_WINDOW_BYTES, OutgoingData, STREAM_ID } from "./outgoing-data.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** What a server may send before it is told that something was read: of the connection and of the stream. */
export const RECEIVE_WINDOW_BYTES = 16 * 1024 * 1024;
const SETTING_BYTES = 6;
const HEADER_BLOCK_BYTES_MAX = 64 * 1024;
const NOTHING = Buffer.alloc(0);
/** One for all: to make one takes longer than a handshake. */
const SECURE_CONTEXT = createSecureContext();
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** Of gRPC. */
const UNAVAILABLE = 14;

export interface Http2CallOptions {
  /** `https://127.0.0.1:5678`; whoever answers there is trusted. */
  readonly url: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Some bytes arrived, valid during the call. */
  readonly onData: (piece: Buffer) => void;
}

/** How a call ended: status of gRPC and its text, as they came; "unavailable" when there was none, with the reason. */
export interface CallEnd {
  readonly code: number;
  readonly message: string;
}

export class Http2Call {
  readonly #socket: TLSSocket;
  readonly #frames: Http2FrameReader;
  readonly #outgoing = new OutgoingData();
  /** A header block that goes on, and the flags that it began with. */
  #headers: { block: Buffer; readonly flags: number } | undefined;
  /** Received and not yet given back to the windows of the server. */
  #received = 0;
  #end: (end: CallEnd) => void = () => {};
  readonly ended: Promise<CallEnd>;

  constructor(options: Http2CallOptions) {
    this.#frames = new Http2FrameReader({
      onData: options.onData,
      onFrame: (frame) => this.#onFrame(frame),
    });
    const { hostname, host, port } = new URL(options.url);
    const connecting: ConnectionOptions & ConnectOpts = {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port),
      rejectUnauthorized: false,
      secureContext: SECURE_CONTEXT,
      ALPNProtocols: ["h2"],
      onread: {
        buffer: READ_BUFFER,
        callback: (size) => {
          this.#read(READ_BUFFER.subarray(0, size));
          return true;
        },
      },
    };
    this.#socket = connect(connecting).setNoDelay(true);
    this.#socket.once("secureConnect", () => {
      if (this.#socket.alpnProtocol !== "h2") this.#fail("the server does not speak HTTP/2");
    });
    this.#socket.on("error", (error: Error) => this.#fail(error.message));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
      this.#socket.once("close", () => this.#fail("the connection is gone"));
    });
    const fields = [
      [":method", "POST"],
      [":scheme", "https"],
      [":authority", host],
      [":path", options.path],
      ...Object.entries(options.headers),
    ] as const;
    this.#socket.write(
      Buffer.concat([
        PREFACE,
        ownSettings(),
        windowUpdate(0, RECEIVE_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
        encodeFrame(FRAME.headers, FLAG.endHeaders, STREAM_ID, encodeHeaderBlock(fields)),
      ]),
    );
  }

  /** Copies them, at the latest when the server takes them. */
  write(parts: readonly Uint8Array[]): void {
    this.#outgoing.push(parts);
    this.#flush();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const frames = this.#socket.destroyed ? undefined : this.#outgoing.take();
    if (frames !== undefined) this.#socket.write(frames);
  }

  #fail(message: string): void {
    this.#end({ code: UNAVAILABLE, message });
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      this.#frames.push(chunk);
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.#fail(error.message);
    }
  }

  #onFrame(frame: Frame): void {
    const { type, flags, streamId, payload } = frame;
    if (this.#headers !== undefined && type !== FRAME.continuation) throw new Http2Error("a header block is cut off");
    switch (type) {
      case FRAME.data:
        this.#onDataFrame(frame);
        return;
      case FRAME.headers:
        if (streamId !== STREAM_ID) throw new Http2Error(`headers of stream ${streamId}`);
        this.#onHeaders(payload, flags, (flags & FLAG.endHeaders) !== 0);
        return;
      case FRAME.continuation:
        if (this.#headers === undefined) throw new Http2Error("a continuation of nothing");
        this.#onHeaders(
          Buffer.concat([this.#headers.block, payload]),
          this.#headers.flags,
          (flags & FLAG.endHeaders) !== 0,
        );
        return;
      case FRAME.resetStream:
        this.#fail(`the stream was reset, HTTP/2 error ${uint32(payload, 0)}`);
        return;
      case FRAME.settings:
        if ((flags & FLAG.ack) === 0) this.#onSettings(payload);
        return;
      case FRAME.ping:
        if ((flags & FLAG.ack) === 0) this.#socket.write(encodeFrame(FRAME.ping, FLAG.ack, 0, payload));
        return;
      case FRAME.goAway:
        // Otherwise it is only about calls that would come later.
        if (uint32(payload, 0) < STREAM_ID || uint32(payload, 4) !== 0)
          this.#fail(`the server goes away, HTTP/2 error ${uint32(payload, 4)}`);
        return;
      case FRAME.windowUpdate:
        this.#outgoing.widen(streamId, uint32(payload, 0) & 0x7fffffff);
        this.#flush();
        return;
      case FRAME.pushPromise:
        throw new Http2Error("a server pushes what nobody wants");
    }
  }

  #onDataFrame({ streamId, flags, size }: Frame): void {
    if (streamId !== STREAM_ID) throw new Http2Error(`data of stream ${streamId}`);
    this.#received += size;
    if (this.#received > RECEIVE_WINDOW_BYTES / 2) {
      const updates = [windowUpdate(0, this.#received), windowUpdate(STREAM_ID, this.#received)];
      this.#received = 0;
      this.#socket.write(Buffer.concat(updates));
    }
    if ((flags & FLAG.endStream) !== 0) this.#fail("the stream ended without a status");
  }

  #onHeaders(block: Buffer, flags: number, isWhole: boolean): void {
    if (block.length > HEADER_BLOCK_BYTES_MAX) throw new Http2Error(`a header block of ${block.length} bytes`);
    // A copy: what was read is valid during the call.
    this.#headers = isWhole ? undefined : { block: Buffer.from(block), flags };
    if (!isWhole) return;
    const fields = headersOf(block);
    const code = fields.get("grpc-status");
    if (code !== undefined) {
      this.#end({ code: Number(code), message: percentDecoded(fields.get("grpc-message") ?? "") });
      this.#socket.destroySoon();
    } else if ((flags & FLAG.endStream) !== 0) {
      const status = fields.get(":status");
      this.#fail(`the stream ended without a status${status === undefined ? "" : `, HTTP status ${status}`}`);
    }
  }

  #onSettings(payload: Buffer): void {
    for (let at = 0; at < payload.length; at += SETTING_BYTES) {
      const value = uint32(payload, at + 2);
      const setting = payload.readUInt16BE(at);
      if (setting === SETTING.initialWindowSize) this.#outgoing.setInitialWindow(value);
      else if (setting === SETTING.maxFrameSize) this.#outgoing.setFrameBytesMax(value);
    }
    this.#socket.write(encodeFrame(FRAME.settings, FLAG.ack, 0, NOTHING));
    this.#flush();
  }
}

/** Throws an `Http2Error` when there are too few bytes. */
function uint32(payload: Buffer, at: number): number {
  if (payload.length < at + 4) throw new Http2Error(`a frame with only ${payload.length} bytes`);
  return payload.readUInt32BE(at);
}

function headersOf(block: Buffer): Map<string, string> {
  try {
    return decodeHeaderBlock(block);
  } catch (error) {
    throw new Http2Error((error as Error).message, error);
  }
}

/** As it came, where it is not what gRPC prescribes. */
function percentDecoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function windowUpdate(streamId: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return encodeFrame(FRAME.windowUpdate, 0, streamId, payload);
}

/** No dynamic table, no pushes, and the window of the stream. */
function ownSettings(): Buffer {
  const settings = [
    [SETTING.headerTableSize, 0],
    [SETTING.enablePush, 0],
    [SETTING.initialWindowSize, RECEIVE_WINDOW_BYTES],
  ] as const;
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  for (const [i, [setting, value]] of settings.entries()) {
    payload.writeUInt16BE(setting, i * SETTING_BYTES);
    payload.writeUInt32BE(value, i * SETTING_BYTES + 2);
  }
  return encodeFrame(FRAME.settings, 0, 0, payload);
}
