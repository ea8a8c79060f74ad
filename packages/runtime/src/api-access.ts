/** What the configuration says about access, as the REST server takes it; the same on a global and on a zone. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ApiServerOptions, Refusal } from "@isthmus/api-server";
import {
  type ConfiguredKey,
  parsePublicKey,
  readUser,
  TokenIssuer,
  TokenValidator,
  type User,
  userKeyRing,
} from "@isthmus/identity";
import { errorMessage, type Result } from "@isthmus/std";
import { configText } from "./config/config-text.ts";
import type { Config } from "./config/schema.ts";
import type { Instance } from "./instance.ts";

type AccessOptions = Pick<ApiServerOptions, "access" | "authentication" | "tokens" | "config" | "onRefusal">;

/** A key of the configuration that cannot be read. The message names the setting. */
export class PublicKeyError extends Error {
  readonly code = "PUBLIC_KEY";
}

export async function apiAccess(instance: Instance, mode: "global" | "zone"): Promise<AccessOptions> {
  const { config, store, clock } = instance;
  const { authn } = config.apiServer;
  const { dpProxy, zoneProxy } = config.dpServer.authn;
  const hasUserTokens = authn.type === "tokens";
  const validator = new TokenValidator({
    store,
    clock,
    ring: userKeyRing,
    configuredKeys: await configuredKeys(authn.tokens.validator.publicKeys, "apiServer.authn.tokens.validator"),
    usesSecrets: authn.tokens.validator.useSecrets,
  });
  return {
    access: config.access.static,
    authentication: {
      localhostIsAdmin: authn.localhostIsAdmin,
      ...(hasUserTokens && { token: (token: string) => userOf(validator, token) }),
      clientCertificateIsAdmin: authn.type === "adminClientCerts",
      anonymousWrites: config.access.anonymousWrites,
    },
    tokens: {
      issuer: new TokenIssuer({ store, clock, uuid: randomUUID }),
      issuesDataplaneTokens: dpProxy.dpToken.enableIssuer,
      issuesZoneTokens: zoneProxy.zoneToken.enableIssuer,
      issuesUserTokens: authn.tokens.enableIssuer,
      hasUserTokens,
    },
    config: () => configText(config, mode),
    onRefusal: refusalObserver(instance),
  };
}

/** What the default resources hold for users. */
export function userDefaults({ apiServer: { authn } }: Config): { userTokens: boolean; adminToken: boolean } {
  const { bootstrapAdminToken, enableIssuer } = authn.tokens;
  return { userTokens: authn.type === "tokens", adminToken: bootstrapAdminToken && enableIssuer };
}

/** For the log of the start. */
export function describeAnonymousWrites({ access, apiServer }: Config): string {
  if (access.anonymousWrites) return "allowed from everywhere, but not of secrets (access.anonymousWrites)";
  const secrets = apiServer.authn.localhostIsAdmin ? "" : ", and not of secrets";
  return `only from this machine${secrets}`;
}

/** @throws {PublicKeyError} */
export function configuredKeys(
  keys: readonly { readonly kid: string; readonly key: string; readonly keyFile: string }[],
  setting: string,
): Promise<readonly ConfiguredKey[]> {
  return Promise.all(
    keys.map(async ({ kid, key, keyFile }, index) => {
      const where = `${setting}.publicKeys[${index}]`;
      const bytes = keyFile === "" ? Buffer.from(key) : await readKeyFile(keyFile, where);
      const parsed = parsePublicKey(bytes);
      if (!parsed.ok) throw new PublicKeyError(`${where} ${parsed.error}`);
      return { kid, key: parsed.value };
    }),
  );
}

async function readKeyFile(file: string, where: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new PublicKeyError(`${where}.keyFile cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

async function userOf(validator: TokenValidator, token: string): Promise<Result<User, string>> {
  const payload = await validator.validate(token);
  return payload.ok ? readUser(payload.value) : payload;
}

/** One line and one count for every request that was turned away. */
function refusalObserver({ log, metrics }: Instance): (refusal: Refusal) => void {
  const counter = metrics.counter("isthmus_api_refused_total", "Requests refused because of who made them", ["code"]);
  const lines = log.part("api-server");
  return (refusal) => {
    counter.inc({ code: String(refusal.status) });
    lines.info(refusal, "request refused");
  };
}
