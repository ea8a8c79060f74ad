/** How an endpoint is asked whether it is well: a connection, a request, or gRPC's own health service. */
import { Buffer } from "node:buffer";
import type { HeaderValueOptionJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type {
  HealthCheck_HttpHealthCheckJson,
  HealthCheck_PayloadJson,
  HealthCheckJson,
} from "@isthmus/proto/envoy/config/core/v3/health_check";
import { flagOf, listOf, messageOf, objectOf, objectsOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { TAGS_HEADER, tagsText } from "./client-headers.ts";

type Checker = Pick<HealthCheckJson, "tcpHealthCheck" | "httpHealthCheck" | "grpcHealthCheck">;

const PATH = "/";

/**
 * Of the protocol that is spoken; connections stand in for requests where those are switched off. Undefined: none.
 * `tags`: values of each tag of the proxy that asks.
 */
export function healthChecker(
  protocol: string,
  conf: JsonObject,
  tags: Readonly<Record<string, readonly string[]>>,
): Checker | undefined {
  const own = memberOf(protocol);
  const message = own === undefined ? undefined : messageOf(conf, own);
  if (own === undefined || message === undefined) return undefined;
  if (!flagOf(message, "disabled")) {
    if (own === "tcp") return { tcpHealthCheck: tcpCheck(message) };
    if (own === "grpc") return { grpcHealthCheck: grpcCheck(message) };
    return { httpHealthCheck: httpCheck(message, protocol, tags) };
  }
  const tcp = own === "tcp" ? undefined : messageOf(conf, "tcp");
  return tcp === undefined || flagOf(tcp, "disabled") ? undefined : { tcpHealthCheck: tcpCheck(tcp) };
}

function memberOf(protocol: string): "tcp" | "http" | "grpc" | undefined {
  if (protocol === "http" || protocol === "http2") return "http";
  return protocol === "tcp" || protocol === "grpc" ? protocol : undefined;
}

function tcpCheck(conf: JsonObject): NonNullable<Checker["tcpHealthCheck"]> {
  const send = textOf(conf, "send");
  const receive = textsOf(conf, "receive");
  return {
    ...(send === "" ? {} : { send: payload(send) }),
    ...(receive.length === 0 ? {} : { receive: receive.map(payload) }),
  };
}

/** Bytes are written in hexadecimal there. */
function payload(text: string): HealthCheck_PayloadJson {
  return { text: Buffer.from(text).toString("hex") };
}

function grpcCheck(conf: JsonObject): NonNullable<Checker["grpcHealthCheck"]> {
  const serviceName = textOf(conf, "serviceName");
  const authority = textOf(conf, "authority");
  return { ...(serviceName === "" ? {} : { serviceName }), ...(authority === "" ? {} : { authority }) };
}

function httpCheck(
  conf: JsonObject,
  protocol: string,
  tags: Readonly<Record<string, readonly string[]>>,
): HealthCheck_HttpHealthCheckJson {
  const statuses = listOf(conf, "expectedStatuses").filter((each) => Number.isInteger(each)) as readonly number[];
  const headers = [...tagsHeader(tags), ...headersOf(objectOf(conf, "requestHeadersToAdd"))];
  return {
    path: textOf(conf, "path") || PATH,
    ...(headers.length === 0 ? {} : { requestHeadersToAdd: headers }),
    ...(statuses.length === 0
      ? {}
      : { expectedStatuses: statuses.map((status) => ({ start: String(status), end: String(status + 1) })) }),
    codecClientType: protocol === "http2" ? "HTTP2" : "HTTP1",
  };
}

/** By it the asked proxy knows who asks. */
function tagsHeader(tags: Readonly<Record<string, readonly string[]>>): readonly HeaderValueOptionJson[] {
  const value = tagsText(tags);
  return value === "" ? [] : [{ header: { key: TAGS_HEADER, value } }];
}

/** Several values of one header may stand behind each other, with commas. */
function headersOf(modifier: JsonObject): readonly HeaderValueOptionJson[] {
  const options = (
    member: string,
    appendAction: NonNullable<HeaderValueOptionJson["appendAction"]>,
  ): readonly HeaderValueOptionJson[] =>
    objectsOf(modifier, member).flatMap((header) =>
      textOf(header, "value")
        .split(",")
        .map((value) => ({ header: { key: textOf(header, "name"), value }, appendAction })),
    );
  return [...options("add", "APPEND_IF_EXISTS_OR_ADD"), ...options("set", "OVERWRITE_IF_EXISTS_OR_ADD")];
}
