/** A message that is too large to be held in one piece: what it is made of, asked for as the transport takes it. */

export interface MessageParts {
  /** Sum of the parts. */
  readonly byteLength: number;
  /** In order. Called once; each is held until it is written: some 16 KiB are best. */
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
