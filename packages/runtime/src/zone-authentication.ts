/** What the configuration says of the proofs of zones: what a global asks for, and what a zone shows. */
import { readFile } from "node:fs/promises";
import { loadCaBundle, type ServerTls } from "@isthmus/grpc-kit";
import { judgeZoneCertificate, judgeZoneToken, TokenValidator, zoneKeyRing } from "@isthmus/identity";
import type { ZoneAuthentication, ZoneProof, ZoneVerdict } from "@isthmus/kds";
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import { configuredKeys } from "./api-access.ts";
import type { Config } from "./config/schema.ts";
import type { Instance } from "./instance.ts";

/** Of a global. Undefined: everybody is the zone that he says, as in Kuma; metric and log say so. */
export async function zoneAuthentication(instance: Instance): Promise<ZoneAuthentication | undefined> {
  const { config, store, clock, metrics, log } = instance;
  const { type } = config.multizone.global.kds.auth;
  const refused = metrics.counter("isthmus_zone_authentication_failures_total", "Calls of zones without proof", [
    "code",
  ]);
  metrics.gauge("isthmus_zone_authentication_off", "1: whoever reaches KDS can claim to be any zone", [], (gauge) =>
    gauge.set(type === "off" ? 1 : 0),
  );
  if (type === "off") {
    log.warn("zones are not asked to prove who they are: multizone.global.kds.auth.type is off");
    return undefined;
  }
  const { useSecrets, publicKeys } = config.dpServer.authn.zoneProxy.zoneToken.validator;
  const validator = new TokenValidator({
    store,
    clock,
    ring: zoneKeyRing,
    configuredKeys: await configuredKeys(publicKeys, "dpServer.authn.zoneProxy.zoneToken.validator"),
    usesSecrets: useSecrets,
  });
  return {
    async check(credentials): Promise<ZoneVerdict> {
      const verdict =
        type === "zoneToken"
          ? await judgeZoneToken(credentials, validator)
          : judgeZoneCertificate(credentials, clock.now());
      if (verdict.kind !== "admitted") refused.inc({ code: verdict.kind });
      return verdict;
    },
    // Keys and revocations are GlobalSecrets; there are few, and they change when somebody rotates or revokes.
    subscribe: (listener) =>
      store.subscribe(({ changes }) => {
        if (changes.some(({ key }) => key.type === "GlobalSecret")) listener();
      }),
  };
}

/** With what certificates of zones are signed with, where they are asked for. */
export async function askForZoneCertificates(
  tls: ServerTls | undefined,
  { multizone: { global } }: Config,
): Promise<ServerTls | undefined> {
  const { type, clientCaFile: path } = global.kds.auth;
  if (tls === undefined || type !== "clientCert") return tls;
  return { ...tls, clientCa: await loadCaBundle({ path, setting: "multizone.global.kds.auth.clientCaFile" }) };
}

/** Of a zone; files are read anew each time, so that what was exchanged counts without a restart. */
export async function ownProof({ multizone: { zone } }: Config): Promise<Result<ZoneProof, string>> {
  const { token, tokenFile, certFile, keyFile } = zone.kds.auth;
  const setting = "multizone.zone.kds.auth";
  const files = await Promise.all([
    read(tokenFile, `${setting}.tokenFile`),
    read(certFile, `${setting}.certFile`),
    read(keyFile, `${setting}.keyFile`),
  ]);
  const [tokenText, certificate, privateKey] = files;
  for (const file of files) if (!file.ok) return file;
  const shown = token || (tokenText.ok ? tokenText.value.trim() : "");
  const hasPair = certificate.ok && privateKey.ok && certificate.value !== "";
  return ok({
    ...(shown !== "" && { authorization: `Bearer ${shown}` }),
    ...(hasPair && { certificate: certificate.value, privateKey: privateKey.value }),
  });
}

async function read(path: string, setting: string): Promise<Result<string, string>> {
  if (path === "") return ok("");
  try {
    return ok(await readFile(path, "utf8"));
  } catch (error) {
    return err(`${path} (${setting}) cannot be read: ${errorMessage(error)}`);
  }
}
