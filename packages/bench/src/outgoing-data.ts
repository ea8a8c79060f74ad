/** Data that a client sends on its only stream: waits for the windows of the peer, and is cut into frames as that wants them (RFC 9113, 5.2). */
import { FRAME, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, Http2Error, writeFrameHead } from "./http2-frame.ts";

/** Of a client. */
export const STREAM_ID = 1;
export const DEFAULT_WINDOW_BYTES = 65_535;
const WINDOW_BYTES_MAX = 2 ** 31 - 1;

export class OutgoingData {
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** That the peer still takes: of the connection and of the stream; the stream's is below 0 when the peer changed its mind. */
  #connectionWindow = DEFAULT_WINDOW_BYTES;
  #streamWindow = DEFAULT_WINDOW_BYTES;
  #initialWindow = DEFAULT_WINDOW_BYTES;
  #frameBytesMax = FRAME_BYTES_MAX;

  push(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
    }
  }

  /** As many frames as may be sent now, in one piece. */
  take(): Buffer | undefined {
    const size = Math.min(this.#waitingBytes, this.#connectionWindow, this.#streamWindow);
    if (size <= 0) return undefined;
    const frames = Buffer.allocUnsafe(size + Math.ceil(size / this.#frameBytesMax) * FRAME_HEAD_BYTES);
    for (let start = 0, left = size; left > 0; ) {
      const payload = Math.min(left, this.#frameBytesMax);
      writeFrameHead(frames, start, payload, FRAME.data, 0, STREAM_ID);
      start += FRAME_HEAD_BYTES;
      this.#move(frames.subarray(start, start + payload));
      start += payload;
      left -= payload;
    }
    this.#connectionWindow -= size;
    this.#streamWindow -= size;
    return frames;
  }

  #move(to: Buffer): void {
    let filled = 0;
    let used = 0;
    for (const part of this.#waiting) {
      const room = to.length - filled;
      if (room === 0) break;
      if (part.length > room) {
        to.set(part.subarray(0, room), filled);
        this.#waiting[used] = part.subarray(room);
        filled += room;
        break;
      }
      to.set(part, filled);
      filled += part.length;
      used += 1;
    }
    this.#waiting.splice(0, used);
    this.#waitingBytes -= filled;
  }

  /** WINDOW_UPDATE: of the connection with 0. Throws an `Http2Error`. */
  widen(streamId: number, bytes: number): void {
    if (bytes === 0) throw new Http2Error("a window grows by nothing");
    if (streamId === 0) this.#connectionWindow = within(this.#connectionWindow + bytes);
    else this.#streamWindow = within(this.#streamWindow + bytes);
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE, which also counts for the stream that is open. Throws an `Http2Error`. */
  setInitialWindow(bytes: number): void {
    this.#streamWindow = within(this.#streamWindow + within(bytes) - this.#initialWindow);
    this.#initialWindow = bytes;
  }

  /** SETTINGS_MAX_FRAME_SIZE. Throws an `Http2Error`. */
  setFrameBytesMax(bytes: number): void {
    if (bytes < FRAME_BYTES_MAX || bytes >= 2 ** 24) throw new Http2Error(`frames of up to ${bytes} bytes`);
    this.#frameBytesMax = bytes;
  }
}

function within(window: number): number {
  if (window > WINDOW_BYTES_MAX) throw new Http2Error(`a window of ${window} bytes`);
  return window;
}
