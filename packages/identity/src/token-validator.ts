/**
 * Checks tokens: signature by the key that the token names, times, revocation. Keys come from the configuration and, where
 * it allows so, from the secrets of a ring. A rotated or revoked token fails from the commit on that says so: nothing but
 * the arithmetic of a signature is remembered. Source: kuma v2.14.3: pkg/core/tokens/validator.go.
 */
import type { KeyObject } from "node:crypto";
import { type Clock, err, errorMessage, isJsonObject, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { compactVerify, decodeProtectedHeader, errors } from "jose";
import type { KeyRing } from "./key-ring.ts";
import { isRevoked } from "./revocations.ts";
import { verificationKey } from "./signing-keys.ts";

/** Of keys that the configuration gives: their private halves are elsewhere, tokens are made offline. */
export interface ConfiguredKey {
  readonly kid: string;
  readonly key: KeyObject;
}

export interface TokenValidatorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly configuredKeys?: readonly ConfiguredKey[];
  /** Default true. */
  readonly usesSecrets?: boolean;
}

interface Verified {
  readonly key: KeyObject;
  readonly payload: JsonObject;
}

/** Tokens longer than this are none. */
const TOKEN_MAX_LENGTH = 16 * 1024;
const REMEMBERED_MAX = 1_000;
const ALGORITHMS = ["RS256"];

export class TokenValidator {
  readonly #options: TokenValidatorOptions;
  /** Signatures that were right, most recent last. */
  readonly #verified = new Map<string, Verified>();

  constructor(options: TokenValidatorOptions) {
    this.#options = options;
  }

  /** The payload, or why the token does not count; the reason never quotes the token. */
  async validate(token: string): Promise<Result<JsonObject, string>> {
    if (token.length > TOKEN_MAX_LENGTH) return err("could not parse token: it is too long");
    const key = this.#keyOf(token);
    if (!key.ok) return key;
    const payload = this.#known(token, key.value) ?? (await this.#verify(token, key.value));
    if (!payload.ok) return payload;
    return this.#stillCounts(payload.value);
  }

  /** Time passes, and tokens are revoked. */
  #stillCounts(payload: JsonObject): Result<JsonObject, string> {
    const { store, ring, clock } = this.#options;
    const untimely = timeError(payload, Math.floor(clock.now() / 1000));
    if (untimely !== undefined) return err(untimely);
    const { jti } = payload;
    return isRevoked(store, ring, typeof jti === "string" ? jti : "") ? err("token is revoked") : ok(payload);
  }

  #keyOf(token: string): Result<KeyObject, string> {
    const { store, ring, configuredKeys = [], usesSecrets = true } = this.#options;
    const header = readHeader(token);
    if (!header.ok) return header;
    const { kid } = header.value;
    const configured = configuredKeys.find((each) => each.kid === kid);
    if (configured !== undefined) return ok(configured.key);
    if (!usesSecrets) return err(`there is no signing key with KID ${kid} in the configuration`);
    const found = verificationKey(store, ring, kid);
    return found.ok ? found : err(found.error.detail);
  }

  #known(token: string, key: KeyObject): Result<JsonObject, string> | undefined {
    const verified = this.#verified.get(token);
    if (verified === undefined || verified.key !== key) return undefined;
    this.#remember(token, verified);
    return ok(verified.payload);
  }

  async #verify(token: string, key: KeyObject): Promise<Result<JsonObject, string>> {
    let bytes: Uint8Array;
    try {
      bytes = (await compactVerify(token, key, { algorithms: ALGORITHMS })).payload;
    } catch (error) {
      return err(`could not parse token: ${reasonOf(error)}`);
    }
    const payload = parsePayload(bytes);
    if (payload === undefined) return err("could not parse token: its payload is no JSON object");
    this.#remember(token, { key, payload });
    return ok(payload);
  }

  #remember(token: string, verified: Verified): void {
    this.#verified.delete(token);
    this.#verified.set(token, verified);
    if (this.#verified.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#verified.keys()) {
      this.#verified.delete(oldest);
      return;
    }
  }
}

function readHeader(token: string): Result<{ readonly kid: string }, string> {
  let header: { readonly alg?: unknown; readonly kid?: unknown };
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return err("could not parse token: it is no JWT");
  }
  if (header.alg !== "RS256") return err("could not parse token: its algorithm is not RS256");
  if (header.kid === undefined) return err("could not parse token: JWT token must have kid header");
  if (typeof header.kid !== "string") return err("could not parse token: JWT token kid header must be a string");
  return ok({ kid: header.kid });
}

function parsePayload(bytes: Uint8Array): JsonObject | undefined {
  try {
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(payload) ? payload : undefined;
  } catch {
    return undefined;
  }
}

/** Without leeway, as in Kuma; a token without `exp` never expires. */
function timeError({ exp, nbf }: JsonObject, now: number): string | undefined {
  for (const time of [exp, nbf]) {
    if (time !== undefined && time !== null && typeof time !== "number")
      return "could not parse token: a time in it is no number";
  }
  if (typeof nbf === "number" && now < nbf) {
    return "token is not yet valid: 'valid_from' date is in the future. Check if the system clock on the instance that issued the token is set correctly";
  }
  return typeof exp === "number" && now >= exp ? "token is expired" : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  return error instanceof errors.JOSEError ? errorMessage(error) : "it cannot be checked";
}
