/**
 * TLS of a server as the settings say. The certificate that it shows is its own, else the general one, else one made once and kept
 * in the work folder.
 */
import { X509Certificate } from "node:crypto";
import { generatedTlsIdentity, loadTlsIdentity, type ServerTls } from "@isthmus/grpc-kit";
import { fitsKey, opensslCiphers } from "./config/cipher-suites.ts";
import { effectiveTls, type TlsSection, tlsSections } from "./config/effective-tls.ts";
import type { Config } from "./config/schema.ts";

const VERSIONS = { TLSv1_2: "TLSv1.2", TLSv1_3: "TLSv1.3" } as const;

/** Nobody could connect with the suites that are listed. The message names the setting. */
export class CipherSuitesError extends Error {
  readonly code = "CIPHER_SUITES";
}

/**
 * @throws {TlsIdentityError} which names file and setting
 * @throws {CipherSuitesError}
 */
export async function serverTls(
  section: TlsSection,
  config: Config,
  folder: string,
  nowMs: number,
): Promise<ServerTls> {
  const { minVersion, maxVersion, cipherSuites } = effectiveTls(tlsSections(config)[section], config.general);
  const ciphers = opensslCiphers(cipherSuites);
  const { certificate, privateKey } = await identityOf(section, config, folder, nowMs);
  if (maxVersion === "TLSv1_2" && cipherSuites.length > 0) {
    const key = new X509Certificate(certificate).publicKey.asymmetricKeyType ?? "";
    if (!cipherSuites.some((name) => fitsKey(name, key))) {
      const setting = `${config.general.tlsCipherSuites.length === 0 ? section : "general"}.tlsCipherSuites`;
      const why = `has no suite for the certificate of ${section}, whose key is ${key.toUpperCase()}`;
      throw new CipherSuitesError(`${setting} ${why}, and tlsMaxVersion allows nothing newer than TLS 1.2`);
    }
  }
  return {
    certificate,
    privateKey,
    minVersion: VERSIONS[minVersion],
    ...(maxVersion !== "" && { maxVersion: VERSIONS[maxVersion] }),
    ...(ciphers !== undefined && { ciphers }),
  };
}

export async function kdsServerTls(config: Config, folder: string, nowMs: number): Promise<ServerTls | undefined> {
  return config.multizone.global.kds.tlsEnabled ? serverTls("multizone.global.kds", config, folder, nowMs) : undefined;
}

async function identityOf(section: TlsSection, config: Config, folder: string, nowMs: number) {
  const own = tlsSections(config)[section];
  for (const [name, { tlsCertFile, tlsKeyFile }] of [
    [section, own],
    ["general", config.general],
  ] as const) {
    if (tlsCertFile === "") continue;
    return loadTlsIdentity({
      certificate: { path: tlsCertFile, setting: `${name}.tlsCertFile` },
      privateKey: { path: tlsKeyFile, setting: `${name}.tlsKeyFile` },
      nowMs,
    });
  }
  return generatedTlsIdentity({ folder, nowMs });
}
