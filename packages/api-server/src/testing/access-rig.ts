/** A REST server with real keys, and people with and without tokens; for tests of who may do what. */
import { generateKeyPairSync } from "node:crypto";
import { keyAddress, readUser, TokenIssuer, TokenValidator, userKeyRing, zoneKeyRing } from "@isthmus/identity";
import { type KeyMaker, ResourceManager } from "@isthmus/manager";
import { builtinTypes, Registry, type ResourceKey } from "@isthmus/resources";
import { createMemoryStore, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import type { Refusal } from "../access/authentication.ts";
import { ApiServer, type ApiServerOptions } from "../server.ts";
import { INDEX } from "./rig.ts";

export interface Ask {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
  /** Default: another machine. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AccessRig {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly issuer: TokenIssuer;
  readonly refusals: Refusal[];
  readonly server: ApiServer;
  readonly ask: (
    ask: Ask,
  ) => Promise<{ readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, unknown>> }>;
  readonly tokenOf: (name: string, ...groups: readonly string[]) => Promise<string>;
  readonly putSecret: (key: ResourceKey, content: string) => Promise<void>;
}

export const SIGNING_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();
export const ELSEWHERE = "203.0.113.7";

/** What the default resources are of. */
const TYPES: ReadonlySet<string> = new Set([
  "Config",
  "GlobalSecret",
  "HostnameGenerator",
  "Mesh",
  "MeshCircuitBreaker",
  "MeshRetry",
  "MeshTimeout",
  "Secret",
  "Zone",
]);

const keys: KeyMaker = {
  signingKey: async () => SIGNING_KEY,
  ca: async () => ({ cert: "cert\n", key: "key\n" }),
  adminToken: async () => "admin token",
  uuid: () => "9f1c3c1e-0000-4000-8000-000000000000",
};

export async function accessRig(
  options: Partial<ApiServerOptions> & {
    readonly role?: "global" | "federated zone";
    /** All types and their hundreds of routes, which take a while to make. */
    readonly isComplete?: boolean;
  } = {},
): Promise<AccessRig> {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const registry = new Registry(builtinTypes.filter(({ name }) => options.isComplete === true || TYPES.has(name)));
  const isZone = options.role === "federated zone";
  const role = { mode: isZone ? "zone" : "global", isFederated: isZone, zoneName: "west" } as const;
  const manager = new ResourceManager({ registry, store, keys, ...role });
  await manager.ensureDefaults();
  await manager.ensureSigningKeys({ userTokens: true, adminToken: true });
  const issuer = new TokenIssuer({ store, clock, uuid: () => "id" });
  const validator = new TokenValidator({ store, clock, ring: userKeyRing });
  const refusals: Refusal[] = [];
  const { authentication, tokens, ...rest } = options;
  const server = new ApiServer({
    registry,
    store,
    manager,
    ...role,
    port: 0,
    index: () => INDEX,
    config: () => '{"mode":"global"}',
    onRefusal: (refusal) => refusals.push(refusal),
    tokens: { issuer, ...tokens },
    authentication: {
      token: async (token) => {
        const payload = await validator.validate(token);
        return payload.ok ? readUser(payload.value) : payload;
      },
      ...authentication,
    },
    ...rest,
  });
  const putSecret = async (key: ResourceKey, content: string): Promise<void> => {
    const data = Buffer.from(content).toString("base64");
    await store.commit([{ kind: "put", resource: { ...key, labels: {}, spec: { data } } }]);
  };
  // A federated zone has the meshes and the public keys of its global.
  if (isZone) {
    await store.commit([{ kind: "put", resource: { type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} } }]);
    await putSecret({ type: "Secret", mesh: "default", name: "dataplane-token-signing-key-default-1" }, SIGNING_KEY);
  } else if (store.get(keyAddress(zoneKeyRing, "1")) === undefined) throw new Error("no key for zone tokens");
  return {
    store,
    clock,
    issuer,
    refusals,
    server,
    putSecret,
    async ask({ method, path, body, token, from = ELSEWHERE, headers = {} }) {
      const answer = await server.inject({
        method,
        url: path,
        remoteAddress: from,
        headers: {
          host: "cp.example.org:5681",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return { status: answer.statusCode, text: answer.payload, headers: answer.headers };
    },
    async tokenOf(name, ...groups) {
      const issued = await issuer.user({ name, groups }, 3_600_000);
      if (!issued.ok) throw new Error(issued.error.detail);
      return issued.value;
    },
  };
}
