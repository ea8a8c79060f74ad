/** A message that is too large to be held in one piece: what it is made of, asked for as the transport takes it. */

/**
 * Each stream holds a part until it is written: parts are not much larger than what is written at a time, large enough that their cost does not count, and below
 * what the allocator takes from the system and gives back. Messages up to this size are better in one piece.
 */
export const PART_BYTES = 16 * 1024;

export interface MessageParts {
  /** Sum of the parts. */
  readonly byteLength: number;
  /** In order. Called once; of about `PART_BYTES` each. */
  parts(): Iterable<Uint8Array>;
}

export type OutgoingMessage = Uint8Array | MessageParts;

export function partsOf(message: OutgoingMessage): Iterable<Uint8Array> {
  return message instanceof Uint8Array ? [message] : message.parts();
}

export function wholeMessage(message: OutgoingMessage): Buffer {
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat([...message.parts()], message.byteLength);
}

/** The same bytes in parts of about `PART_BYTES`. */
export function* joined(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  let part: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    part.push(chunk);
    size += chunk.byteLength;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(part, size);
    part = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(part, size);
}
