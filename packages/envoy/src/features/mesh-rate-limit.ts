/**
 * MeshRateLimit: how many requests and connections an inbound takes, of everybody and of clients by their SPIFFE id.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshratelimit.
 */
import { type InboundRule, mergeConfs } from "@isthmus/policy";
import { messageOf, objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import { addClientRoutes, chainConf, clientRules } from "./client-routes.ts";
import type { Feature } from "./feature.ts";
import { addLimiter, connectionLimit, HTTP_LIMIT, requestLimit } from "./rate-limits.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshRateLimit";
const STATE = "mesh_rate_limit";

export const meshRateLimit: Feature = (draft, { policies }) => {
  if (policies.matched(TYPE).length === 0) return;
  for (const { chains } of draft.listeners) {
    for (const chain of chains) {
      const rules = rulesOf(chain, policies);
      const conf = chainConf(rules, chain) ?? {};
      limitRequests(chain, conf, draft);
      limitConnections(chain, conf);
      limitClients(chain, conf, rules, draft);
    }
  }
};

function rulesOf({ role }: ChainDraft, policies: SubjectPolicies): readonly InboundRule[] {
  if (role.kind === "inbound") {
    return policies.inbound(TYPE, { address: role.inbound.listenAddress, port: role.inbound.port }, true);
  }
  const isDoor = role.kind === "zoneIngress" || role.kind === "zoneEgress";
  return isDoor && role.listener !== undefined ? policies.inbound(TYPE, role.listener, true) : [];
}

function httpOf(conf: JsonObject): JsonObject | undefined {
  return messageOf(objectOf(conf, "local"), "http");
}

function limitRequests({ end }: ChainDraft, conf: JsonObject, draft: Draft): void {
  const http = httpOf(conf);
  const limit = http === undefined ? undefined : requestLimit(http, draft);
  if (end.kind !== "http" || limit === undefined) return;
  for (const route of (end.routes.virtualHosts ?? []).flatMap((host) => host.routes ?? [])) {
    route.typedPerFilterConfig = { ...route.typedPerFilterConfig, [HTTP_LIMIT]: limit };
  }
  addLimiter(end);
}

function limitConnections({ filters }: ChainDraft, conf: JsonObject): void {
  const tcp = messageOf(objectOf(conf, "local"), "tcp");
  const filter = tcp === undefined ? undefined : connectionLimit(tcp);
  if (filter !== undefined) filters.unshift(filter);
}

/** Who comes is known of TLS connections alone. A client may also have no limit where everybody else has one. */
function limitClients(chain: ChainDraft, conf: JsonObject, rules: readonly InboundRule[], draft: Draft): void {
  const { end, tls } = chain;
  if (end.kind !== "http" || tls === undefined) return;
  const clients = clientRules(rules, (own) => httpOf(own) !== undefined);
  const base = httpOf(conf) === undefined ? {} : conf;
  const limits = new Map(
    clients.map((client) => {
      const http = httpOf(mergeConfs([base, client.conf]));
      return [client, http === undefined ? undefined : requestLimit(http, draft)];
    }),
  );
  const isLimited = [...limits.values()].some((limit) => limit !== undefined);
  if (!isLimited && !end.filters.some(({ name }) => name === HTTP_LIMIT)) return;
  if (isLimited) addLimiter(end);
  addClientRoutes(chain, STATE, clients, (copy, client) => {
    const { [HTTP_LIMIT]: _general, ...others } = copy.typedPerFilterConfig ?? {};
    const limit = limits.get(client);
    const config = limit === undefined ? others : { ...others, [HTTP_LIMIT]: limit };
    if (Object.keys(config).length === 0) delete copy.typedPerFilterConfig;
    else copy.typedPerFilterConfig = config;
  });
}
