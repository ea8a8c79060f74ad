/** Makes tokens, each signed by the newest key of its ring. Source: kuma v2.14.3: pkg/core/tokens/issuer.go. */
import { type Clock, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { SignJWT } from "jose";
import { type DataplaneIdentity, dataplaneClaims, userClaims, type ZoneIdentity, zoneClaims } from "./claims.ts";
import { dataplaneKeyRing, type KeyRing, userKeyRing, zoneKeyRing } from "./key-ring.ts";
import { type KeyFailure, latestSigningKey, type SigningKey } from "./signing-keys.ts";

/** Clocks of those who check may be behind by this much. */
const CLOCK_SKEW_MS = 5_000;

export interface TokenIssuerOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Ids of tokens (`jti`), by which they are revoked. */
  readonly uuid: () => string;
}

export class TokenIssuer {
  readonly #options: TokenIssuerOptions;

  constructor(options: TokenIssuerOptions) {
    this.#options = options;
  }

  user(
    user: { readonly name: string; readonly groups: readonly string[] | null },
    validForMs: number,
  ): Promise<Result<string, KeyFailure>> {
    return this.#issue(userKeyRing, userClaims(user), validForMs);
  }

  zone(zone: ZoneIdentity, validForMs: number): Promise<Result<string, KeyFailure>> {
    return this.#issue(zoneKeyRing, zoneClaims(zone), validForMs);
  }

  dataplane(dataplane: DataplaneIdentity, validForMs: number): Promise<Result<string, KeyFailure>> {
    return this.#issue(dataplaneKeyRing(dataplane.mesh), dataplaneClaims(dataplane), validForMs);
  }

  async #issue(ring: KeyRing, claims: object, validForMs: number): Promise<Result<string, KeyFailure>> {
    const { store, clock, uuid } = this.#options;
    const key = latestSigningKey(store, ring);
    if (!key.ok) return key;
    return ok(await signToken({ key: key.value, claims, id: uuid(), nowMs: clock.now(), validForMs }));
  }
}

/** Members of header and payload in Kuma's order. */
export async function signToken(token: {
  readonly key: SigningKey;
  readonly claims: object;
  readonly id: string;
  readonly nowMs: number;
  readonly validForMs: number;
}): Promise<string> {
  const { key, claims, id, nowMs, validForMs } = token;
  const from = seconds(nowMs - CLOCK_SKEW_MS);
  const payload = { ...claims, exp: seconds(nowMs + validForMs), nbf: from, iat: from, jti: id };
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: key.kid, typ: "JWT" }).sign(key.key);
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
