/**
 * What a control plane cannot be without, made at its start: absent resources are created, present ones never changed,
 * all in one commit, so that a start that is cut short leaves nothing half-made. Signing keys, which nobody needs to start
 * with, come in a second one, see `late-signing-keys.ts`; a start that finds none makes them.
 * Source: kuma v2.14.3: pkg/defaults, pkg/clusterid.
 */
import {
  ADMIN_USER_TOKEN,
  DEFAULT_SERIAL,
  type KeyRing,
  keyAddress,
  latestSerial,
  secretBytes,
  userKeyRing,
  zoneKeyRing,
} from "@isthmus/identity";
import type { ResourceKey } from "@isthmus/resources";
import { type Change, isOvertaken, type Op, type ResourceDraft } from "@isthmus/store";
import { CA_VALIDITY_MS } from "../keys/key-maker.ts";
import { ENVOY_ADMIN_CA, globalSecret } from "../keys/secrets.ts";
import type { WriteContext } from "../write-rule.ts";
import { globalHostnameGenerators, zoneHostnameGenerators } from "./hostname-generators.ts";
import { meshPolicies, policyLabelRepairs } from "./mesh-policies.ts";
import { signingKeyOp } from "./mesh-secrets.ts";

export interface DefaultsOptions {
  /** `defaults.skipMeshCreation` */
  readonly skipMeshCreation?: boolean;
  /** `defaults.SkipHostnameGenerators` */
  readonly skipHostnameGenerators?: boolean;
  /** Users prove by tokens who they are (`apiServer.authn.type`), so there is a key to sign them with. */
  readonly userTokens?: boolean;
  /** `apiServer.authn.tokens.bootstrapAdminToken`; needs `userTokens`. */
  readonly adminToken?: boolean;
}

export interface DefaultsResult {
  readonly created: readonly ResourceKey[];
  readonly deleted: readonly ResourceKey[];
}

export const CLUSTER_ID: ResourceKey = { type: "Config", mesh: "", name: "kuma-cluster-id" };

/** Another instance on the same store may be starting as well: then the plan is made anew. */
const ATTEMPTS_MAX = 5;

export async function ensureDefaults(context: WriteContext, options: DefaultsOptions = {}): Promise<DefaultsResult> {
  const changes = await commitPlan(context, () => plan(context, options));
  return {
    created: createdKeys(changes),
    deleted: changes.filter(({ after }) => after === undefined).map(({ key }) => key),
  };
}

/** Keys of the tokens of users, of zones and of the Dataplanes of each mesh, and the first administrator's token; answers with what was made. */
export async function ensureSigningKeys(
  context: WriteContext,
  options: DefaultsOptions = {},
): Promise<readonly ResourceKey[]> {
  const ownsMeshes = context.mode === "global" || !context.isFederated;
  const changes = await commitPlan(context, async () => {
    const meshes = ownsMeshes && options.skipMeshCreation !== true ? context.store.list("Mesh") : [];
    const keys = await Promise.all([
      options.userTokens === true ? userTokens(context, options) : [],
      ownsMeshes ? globalSigningKey(zoneKeyRing, context) : [],
      ...meshes.map(({ name }) => signingKeyOp(name, context)),
    ]);
    return keys.flat();
  });
  return createdKeys(changes);
}

async function commitPlan(context: WriteContext, plan: () => Promise<readonly Op[]>): Promise<readonly Change[]> {
  for (let attempt = 1; ; attempt += 1) {
    const ops = await plan();
    try {
      return (await context.store.commit(ops)).changes;
    } catch (error) {
      if (!isOvertaken(error) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

function createdKeys(changes: readonly Change[]): readonly ResourceKey[] {
  return changes.filter(({ before, after }) => before === undefined && after !== undefined).map(({ key }) => key);
}

async function plan(context: WriteContext, options: DefaultsOptions): Promise<readonly Op[]> {
  const isZone = context.mode === "zone";
  const ownsMeshes = !isZone || !context.isFederated;
  const ca = isZone ? await adminCa(context) : [];
  const generators = isZone ? zoneHostnameGenerators : globalHostnameGenerators;
  return [
    ...ca,
    ...(isZone ? onlyOwnZone(context) : []),
    ...(ownsMeshes ? meshes(context, options) : []),
    ...(ownsMeshes ? absent(context, { ...CLUSTER_ID, labels: {}, spec: { config: context.keys.uuid() } }) : []),
    ...(options.skipHostnameGenerators === true ? [] : absent(context, ...generators)),
  ];
}

/** CA of the connections between the control plane and the admin interface of its Envoys; never leaves the zone. */
async function adminCa(context: WriteContext): Promise<readonly Op[]> {
  if (context.store.get({ type: "GlobalSecret", mesh: "", name: ENVOY_ADMIN_CA }) !== undefined) return [];
  const { cert, key } = await context.keys.ca({
    commonName: "Envoy Admin CA",
    validityMs: CA_VALIDITY_MS,
    key: { kind: "ec" },
  });
  return absent(context, globalSecret(ENVOY_ADMIN_CA, cert + key));
}

/** A zone knows itself only; another name means that it was renamed. */
function onlyOwnZone(context: WriteContext): readonly Op[] {
  const own = context.zoneName ?? "default";
  const others = context.store.list("Zone").filter(({ name }) => name !== own);
  const deletions = others.map(({ name }): Op => ({ kind: "delete", key: { type: "Zone", mesh: "", name } }));
  return [...deletions, ...absent(context, { type: "Zone", mesh: "", name: own, labels: {}, spec: {} })];
}

/** The mesh `default` with its policies; label repairs of the meshes that are there. */
function meshes(context: WriteContext, options: DefaultsOptions): readonly Op[] {
  if (options.skipMeshCreation === true) return [];
  const present = context.store.list("Mesh").map(({ name }) => name);
  const mesh: ResourceDraft = { type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} };
  return [
    ...(present.includes(mesh.name) ? [] : [...absent(context, mesh), ...meshPolicies(mesh, context)]),
    ...present.flatMap((name) => policyLabelRepairs(name, context)),
  ];
}

/** No operation where the ring has a key, whatever its serial: a key that was rotated out must not come back. */
async function globalSigningKey(ring: KeyRing, context: WriteContext): Promise<readonly Op[]> {
  if (latestSerial(context.store, ring) !== undefined) return [];
  const { name } = keyAddress(ring, DEFAULT_SERIAL);
  return absent(context, globalSecret(name, await context.keys.signingKey()));
}

/** The key of user tokens, and the token of the first administrator, signed with the newest one. */
async function userTokens(context: WriteContext, options: DefaultsOptions): Promise<readonly Op[]> {
  const key = await globalSigningKey(userKeyRing, context);
  if (options.adminToken !== true || context.store.get(ADMIN_USER_TOKEN) !== undefined) return key;
  const kid = latestSerial(context.store, userKeyRing) ?? DEFAULT_SERIAL;
  const signing = key.find((op) => op.kind === "put")?.resource ?? context.store.get(keyAddress(userKeyRing, kid));
  if (signing === undefined) return key;
  const token = await context.keys.adminToken({ kid, pem: secretBytes(signing) });
  // Who looks after signing keys says why there is none; the next start tries again.
  return token === undefined ? key : [...key, ...absent(context, globalSecret(ADMIN_USER_TOKEN.name, token))];
}

function absent(context: WriteContext, ...drafts: readonly ResourceDraft[]): readonly Op[] {
  return drafts
    .filter((draft) => context.store.get(draft) === undefined)
    .map((resource) => ({ kind: "put", resource, expect: "absent" }));
}
