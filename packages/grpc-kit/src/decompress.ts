/** Messages that came compressed. Source: grpc compression.md. */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { GrpcCode, GrpcError } from "./status.ts";

const DECOMPRESSORS: Readonly<Record<string, typeof gunzip.__promisify__>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
};

/** Rejects with a `GrpcError` that the peer may be told. */
export async function decompress(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const decompressor = DECOMPRESSORS[encoding];
  if (decompressor === undefined) {
    const details = `Received message compressed with unsupported encoding "${encoding}"`;
    throw new GrpcError(GrpcCode.UNIMPLEMENTED, details);
  }
  try {
    return await decompressor(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof RangeError && Reflect.get(error, "code") === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge
      ? new GrpcError(
          GrpcCode.RESOURCE_EXHAUSTED,
          `Received message that decompresses to a size larger than ${maxBytes}`,
        )
      : new GrpcError(GrpcCode.INTERNAL, "Failed to decompress message");
  }
}
