/**
 * Who may do what: lists of users and groups for each right, and nothing finer, as in Kuma. What no right protects is
 * everybody's: all resources but secrets. Source: kuma v2.14.3: pkg/config/access, pkg/core/access.
 */
import { ADMIN, ANONYMOUS, AUTHENTICATED_GROUP, type User, userText } from "@isthmus/identity";
import { goQuote, type TypeDescriptor } from "@isthmus/resources";
import type { Failure } from "../failure.ts";

export interface AllowList {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface AccessRules {
  /** Secrets and GlobalSecrets, reading and writing. */
  readonly adminResources: AllowList;
  readonly generateDpToken: AllowList;
  readonly generateUserToken: AllowList;
  readonly generateZoneToken: AllowList;
  readonly viewConfigDump: AllowList;
  readonly viewStats: AllowList;
  readonly viewClusters: AllowList;
  /** The configuration of the control plane. */
  readonly controlPlaneMetadata: AllowList;
}

const ADMINS: AllowList = { users: [ADMIN.name], groups: ADMIN.groups };
const EVERYBODY: AllowList = { users: [], groups: [...ANONYMOUS.groups, AUTHENTICATED_GROUP] };

export const DEFAULT_ACCESS: AccessRules = {
  adminResources: ADMINS,
  generateDpToken: ADMINS,
  generateUserToken: ADMINS,
  generateZoneToken: ADMINS,
  viewConfigDump: EVERYBODY,
  viewStats: EVERYBODY,
  viewClusters: EVERYBODY,
  controlPlaneMetadata: EVERYBODY,
};

/** `what` completes "cannot access"; undefined: allowed. Left out rules are the default ones. */
export function accessRefusal(
  rules: AccessRules | undefined,
  right: keyof AccessRules,
  user: User,
  what: string,
): Failure | undefined {
  return isAllowed((rules ?? DEFAULT_ACCESS)[right], user)
    ? undefined
    : accessDenied(`user ${goQuote(userText(user))} cannot access ${what}`);
}

/** Whoever shows or changes a resource asks this first. */
export function resourceRefusal(rules: AccessRules | undefined, type: TypeDescriptor, user: User): Failure | undefined {
  if (!type.isAdminOnly) return undefined;
  return accessRefusal(rules, "adminResources", user, `the resource of type "${type.name}"`);
}

export const isAllowed = ({ users, groups }: AllowList, user: User): boolean =>
  users.includes(user.name) || user.groups.some((group) => groups.includes(group));

export const accessDenied = (detail: string): Failure => ({ status: 403, title: "Access Denied", detail });
