/**
 * MeshRateLimit: how many requests and connections an inbound takes, of everybody and of clients by their SPIFFE id.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshratelimit.
 */
import { type InboundRule, inboundConf, mergeConfs } from "@isthmus/policy";
import { messageOf, objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import { limitMatchedRoutes } from "./client-rate-limits.ts";
import type { Feature } from "./feature.ts";
import { addLimiter, connectionLimit, HTTP_LIMIT, requestLimit } from "./rate-limits.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshRateLimit";

export const meshRateLimit: Feature = (draft, { policies }) => {
  if (policies.matched(TYPE).length === 0) return;
  for (const { chains } of draft.listeners) {
    for (const chain of chains) {
      const rules = rulesOf(chain, policies);
      if (rules.length > 0) limit(chain, rules, draft);
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

function limit(chain: ChainDraft, rules: readonly InboundRule[], draft: Draft): void {
  const ofNames = rules.filter((rule) => isForServerName(rule, chain));
  const general = inboundConf(rules);
  const confs = [...(general === undefined ? [] : [general]), ...ofNames.map(({ conf }) => conf)];
  const conf = mergeConfs(confs);
  limitRequests(chain, conf, draft);
  limitConnections(chain, conf);
  limitMatchedRoutes(chain, conf, rules, draft);
}

/** What is said of a server name holds for the chain that has it, whoever comes. */
function isForServerName({ match }: InboundRule, chain: ChainDraft): boolean {
  const { sni, spiffeId } = match ?? {};
  return spiffeId === undefined && sni !== undefined && (chain.match?.serverNames ?? []).includes(sni.value);
}

function limitRequests({ end }: ChainDraft, conf: JsonObject, draft: Draft): void {
  const http = messageOf(objectOf(conf, "local"), "http");
  const limited = http === undefined ? undefined : requestLimit(http, draft);
  if (end.kind !== "http" || limited === undefined) return;
  for (const route of (end.routes.virtualHosts ?? []).flatMap((host) => host.routes ?? [])) {
    route.typedPerFilterConfig = { ...route.typedPerFilterConfig, [HTTP_LIMIT]: limited };
  }
  addLimiter(end);
}

function limitConnections({ filters }: ChainDraft, conf: JsonObject): void {
  const tcp = messageOf(objectOf(conf, "local"), "tcp");
  const filter = tcp === undefined ? undefined : connectionLimit(tcp);
  if (filter !== undefined) filters.unshift(filter);
}
