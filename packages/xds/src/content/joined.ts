/** A transport holds a part until it is written, for each proxy that is told: parts are not much larger than what it writes at a time. */
export const PART_BYTES = 16 * 1024;

/** The same bytes in parts of about `PART_BYTES`. */
export function* joined(frames: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  let part: Uint8Array[] = [];
  let size = 0;
  for (const frame of frames) {
    part.push(frame);
    size += frame.byteLength;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(part, size);
    part = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(part, size);
}
