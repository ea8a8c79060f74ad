/** Which connections and requests a logger takes. Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog/plugin/xds/rules.go. */
import type { InboundMatch } from "@isthmus/policy";
import type { AccessLogFilterJson } from "@isthmus/proto/envoy/config/accesslog/v3/accesslog";
import { typed } from "../draft/any.ts";

const CERTIFICATE = "connection.uri_san_peer_certificate";
const SERVER_NAME = "connection.requested_server_name";
const ROUTES = "kuma.routes";
export const ROUTE_KEY = "route_kri";

/** Carries what a route says of itself to where loggers can ask for it. */
export const ROUTE_SCRIPT = `function envoy_on_request(handle)
  local meta = handle:metadata():get("${ROUTE_KEY}")
  if meta ~= nil then
    handle:streamInfo():dynamicMetadata():set("${ROUTES}", "${ROUTE_KEY}", meta)
  end
end
`;

/** Undefined: all. */
export function clientFilter(match: InboundMatch | undefined): AccessLogFilterJson | undefined {
  const { spiffeId, sni } = match ?? { spiffeId: undefined, sni: undefined };
  const terms = [
    ...(spiffeId?.type === "Exact" ? [`${CERTIFICATE} == ${quoted(spiffeId.value)}`] : []),
    ...(spiffeId?.type === "Prefix" ? [`${CERTIFICATE}.startsWith(${quoted(spiffeId.value)})`] : []),
    ...(sni?.type === "Exact" ? [`${SERVER_NAME} == ${quoted(sni.value)}`] : []),
  ];
  if (terms.length === 0) return undefined;
  return {
    extensionFilter: {
      name: "envoy.access_loggers.extension_filters.cel",
      typedConfig: typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", {
        expression: terms.join(" && "),
      }),
    },
  };
}

/** Requests of that route alone; undefined: those of routes that nobody speaks of. */
export function routeFilter(kri: string | undefined): AccessLogFilterJson {
  return {
    metadataFilter: {
      matchIfKeyNotFound: kri === undefined,
      matcher: {
        filter: ROUTES,
        path: [{ key: ROUTE_KEY }],
        value: kri === undefined ? { nullMatch: {} } : { stringMatch: { exact: kri } },
      },
    },
  };
}

/** Texts of JSON are texts of CEL. */
const quoted = (text: string): string => JSON.stringify(text);
