/** Permissions by tags of clients, as Envoy's principals: the certificate of a proxy names its service and all its tags. */

import type { SubsetRule, SubsetTag } from "@isthmus/policy";
import type { PrincipalJson, RBACJson } from "@isthmus/proto/envoy/config/rbac/v3/rbac";
import { textOf } from "@isthmus/resources";
import { SERVICE_TAG } from "@isthmus/topology";
import type { AccessRules } from "./mesh-traffic-permission.ts";

const POLICY_NAME = "MeshTrafficPermission";
const ALLOW = "Allow";
const ALLOW_WITH_SHADOW_DENY = "AllowWithShadowDeny";

type ClientRule = Pick<SubsetRule, "subset" | "conf">;

/** Whoever is not allowed is denied: Envoy's rules are a list of those who are. */
export function clientRules(rules: readonly ClientRule[], mesh: string): AccessRules {
  const withAction = (...actions: readonly string[]): readonly PrincipalJson[] =>
    actions.flatMap((action) =>
      rules.filter(({ conf }) => textOf(conf, "action") === action).map(({ subset }) => principal(subset, mesh)),
    );
  const allowed = withAction(ALLOW, ALLOW_WITH_SHADOW_DENY);
  const shadow = withAction(ALLOW_WITH_SHADOW_DENY);
  return {
    rules: allowed.length === 0 ? {} : policyOf(allowed),
    ...(shadow.length === 0 ? {} : { shadowRules: { action: "DENY", ...policyOf(shadow) } }),
  };
}

function policyOf(principals: readonly PrincipalJson[]): RBACJson {
  return { policies: { [POLICY_NAME]: { permissions: [{ any: true }], principals: [...principals] } } };
}

function principal(subset: SubsetRule["subset"], mesh: string): PrincipalJson {
  const ids = subset.map((tag) => tagPrincipal(tag, mesh));
  const [only] = ids;
  if (only === undefined) return { any: true };
  return ids.length === 1 ? only : { andIds: { ids } };
}

function tagPrincipal({ key, value, not }: SubsetTag, mesh: string): PrincipalJson {
  const exact = key === SERVICE_TAG ? `spiffe://${mesh}/${value}` : `kuma://${key}/${value}`;
  const id: PrincipalJson = { authenticated: { principalName: { exact } } };
  return not ? { notId: id } : id;
}
