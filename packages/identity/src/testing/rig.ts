/** A store with signing keys of a real control plane, and tokens that it made with them; for the tests of this package. */
import { readFileSync } from "node:fs";
import type { ResourceKey } from "@isthmus/resources";
import { createMemoryStore, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { TokenIssuer } from "../token-issuer.ts";

/** Made with the library that Kuma uses (golang-jwt v5), its structs of claims, and a key of its format. */
export const foreign = JSON.parse(
  readFileSync(new URL("../../testdata/golang-jwt-tokens.json", import.meta.url), "utf8"),
) as Readonly<Record<"signingKey" | "publicKey" | "user" | "userWithoutGroups" | "zone" | "dataplane", string>>;

/** The tokens are valid from here on, for ten years. */
export const FOREIGN_NOW = 1_790_000_000_000;

export interface Rig {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly issuer: TokenIssuer;
  readonly putSecret: (key: ResourceKey, content: string | Buffer) => Promise<void>;
  readonly deleteSecret: (key: ResourceKey) => Promise<void>;
}

export function rig(): Rig {
  const clock = new FakeClock(FOREIGN_NOW);
  const store = createMemoryStore({ clock });
  let made = 0;
  const uuid = (): string => {
    made += 1;
    return `id-${made}`;
  };
  return {
    store,
    clock,
    issuer: new TokenIssuer({ store, clock, uuid }),
    async putSecret(key, content) {
      const data = Buffer.from(content).toString("base64");
      await store.commit([{ kind: "put", resource: { ...key, labels: {}, spec: { data } } }]);
    },
    async deleteSecret(key) {
      await store.commit([{ kind: "delete", key }]);
    },
  };
}

export function payloadOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}
