/** Reading and writing gRPC metadata (HTTP/2 headers) whose values repeat. */
import { Metadata } from "@grpc/grpc-js";

/**
 * All values of a key, whether they came as separate header fields or joined by commas: Node's HTTP/2 joins repeated
 * fields into one value, so `["a", "b"]` and `["a, b"]` mean the same. Not for values that may hold a comma.
 */
export function splitValues(metadata: Metadata, key: string): readonly string[] {
  return metadata
    .get(key)
    .flatMap((value) => value.toString().split(","))
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

/** The first value of a key that may have been sent twice, or undefined when the header is absent. */
export function firstValue(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  if (value === undefined) return undefined;
  return (value.toString().split(",")[0] ?? "").trim();
}

/**
 * Metadata from plain data. An array is sent as one header field per element, never joined: Go peers compare whole
 * values (kuma v2.14.3: pkg/kds/context/context.go).
 */
export function metadataOf(entries: Readonly<Record<string, string | readonly string[]>>): Metadata {
  const metadata = new Metadata();
  for (const [key, values] of Object.entries(entries)) {
    for (const value of typeof values === "string" ? [values] : values) metadata.add(key, value);
  }
  return metadata;
}
