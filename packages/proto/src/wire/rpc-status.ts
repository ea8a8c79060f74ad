/** `google.rpc.Status`, the reason in a NACK. */
import { BYTES, VARINT, type WireReader } from "./wire-reader.ts";

export type WireStatus = { readonly code: number; readonly message: string };

export function readStatus(reader: WireReader, before: WireStatus | undefined): WireStatus | undefined {
  let code = before?.code ?? 0;
  let message = before?.message ?? "";
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | VARINT)) code = reader.varint() | 0;
    else if (tag === ((2 << 3) | BYTES)) message = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { code, message };
}
