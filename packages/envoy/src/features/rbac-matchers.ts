/**
 * Permissions by SPIFFE ids and server names, as a tree of matchers: first who is denied, then who is allowed, then nobody.
 * Envoy stops at the first that fits, so that denials of all policies come before what any allows.
 */
import { type InboundMatch, type InboundRule, inboundMatchOf, type TextMatch } from "@isthmus/policy";
import { builtinTypes, kriText, objectsOf } from "@isthmus/resources";
import { typed } from "../draft/any.ts";
import type { AccessRules } from "./mesh-traffic-permission.ts";

const URI_SAN = "envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput";
const SERVER_NAME = "envoy.extensions.matching.common_inputs.network.v3.ServerNameInput";
const TYPE = builtinTypes.find(({ name }) => name === "MeshTrafficPermission");

type Action = "ALLOW" | "DENY";

export function matcherRules(rules: readonly InboundRule[]): AccessRules {
  const denied = fieldMatchers(rules, ["deny"], "DENY");
  const allowed = fieldMatchers(rules, ["allow", "allowWithShadowDeny"], "ALLOW");
  const shadow = fieldMatchers(rules, ["allowWithShadowDeny"], "DENY");
  return {
    matcher: matcher([...denied, ...allowed]),
    ...(shadow.length === 0 ? {} : { shadowMatcher: matcher(shadow) }),
  };
}

function matcher(matchers: readonly object[]): object {
  return {
    ...(matchers.length === 0 ? {} : { matcherList: { matchers } }),
    onNoMatch: { action: action("DENY", "default") },
  };
}

function fieldMatchers(rules: readonly InboundRule[], members: readonly string[], verdict: Action): readonly object[] {
  return rules.flatMap(({ conf, origin }) => {
    const predicates = members
      .flatMap((member) => objectsOf(conf, member))
      .map((match) => matchPredicate(inboundMatchOf(match)));
    const [only] = predicates;
    if (only === undefined) return [];
    const name = TYPE === undefined ? "" : (kriText(TYPE, origin.policy.kri) ?? "");
    return [
      {
        predicate: predicates.length === 1 ? only : { orMatcher: { predicate: predicates } },
        onMatch: { action: action(verdict, name) },
      },
    ];
  });
}

/** By certificate and server name. */
export function matchPredicate({ spiffeId, sni }: InboundMatch): object {
  const parts = [
    ...(spiffeId === undefined ? [] : [single("envoy.matching.inputs.uri_san", URI_SAN, spiffeId)]),
    ...(sni === undefined ? [] : [single("envoy.matching.inputs.server_name", SERVER_NAME, sni)]),
  ];
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { andMatcher: { predicate: parts } };
}

function single(name: string, input: string, { type, value }: TextMatch): object {
  return {
    singlePredicate: {
      input: { name, typedConfig: typed(input, {}) },
      valueMatch: type === "Prefix" ? { prefix: value } : { exact: value },
    },
  };
}

function action(verdict: Action, name: string): object {
  return {
    name: "envoy.filters.rbac.action",
    typedConfig: typed("envoy.config.rbac.v3.Action", { name, ...(verdict === "DENY" ? { action: "DENY" } : {}) }),
  };
}
