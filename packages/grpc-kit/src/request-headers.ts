/** What the headers of a call say. Source: grpc PROTOCOL-HTTP2.md, Requests. */
import type { IncomingHttpHeaders } from "node:http2";
import { err, ok, type Result } from "@isthmus/std";
import { Metadata } from "./status.ts";

/** Of the transport, not of the call. */
const TRANSPORT_HEADERS = [
  "grpc-timeout",
  "grpc-encoding",
  "grpc-accept-encoding",
  "accept-encoding",
  "te",
  "content-type",
];
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

export function metadataOfCall(headers: IncomingHttpHeaders): Metadata {
  const metadata = Metadata.fromHttp2Headers(headers);
  for (const header of TRANSPORT_HEADERS) metadata.remove(header);
  return metadata;
}

/** Milliseconds; undefined: the call may last. */
export function readTimeout(header: string | readonly string[] | undefined): Result<number | undefined, string> {
  if (header === undefined) return ok(undefined);
  const [, amount, unit = ""] = TIMEOUT.exec(String(header)) ?? [];
  if (amount === undefined) return err(`Invalid grpc-timeout value ${JSON.stringify(header)}`);
  return ok(Number(amount) * (UNIT_MS[unit] ?? 0));
}
