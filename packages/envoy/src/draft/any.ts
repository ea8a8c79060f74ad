/** Typed configuration of extensions: proto3 JSON of an Any. */
import type { JsonObject } from "@isthmus/std";

const PREFIX = "type.googleapis.com/";

export type TypedConfig = JsonObject & { readonly "@type": string };

/** `name`: full name of the message, such as `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`. */
export function typed(name: string, message: object): TypedConfig {
  return { "@type": `${PREFIX}${name}`, ...(message as JsonObject) };
}
