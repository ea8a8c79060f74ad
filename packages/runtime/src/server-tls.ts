/**
 * TLS of a server as the settings say. The certificate that it shows is its own, else the general one, else one made once and kept
 * in the work folder.
 */
import { generatedTlsIdentity, loadTlsIdentity, type ServerTls } from "@isthmus/grpc-kit";
import { opensslCiphers } from "./config/cipher-suites.ts";
import { effectiveTls, type TlsSection, tlsSections } from "./config/effective-tls.ts";
import type { Config } from "./config/schema.ts";

const VERSIONS = { TLSv1_2: "TLSv1.2", TLSv1_3: "TLSv1.3" } as const;

/** @throws {TlsIdentityError} which names file and setting */
export async function serverTls(
  section: TlsSection,
  config: Config,
  folder: string,
  nowMs: number,
): Promise<ServerTls> {
  const { minVersion, maxVersion, cipherSuites } = effectiveTls(tlsSections(config)[section], config.general);
  const ciphers = opensslCiphers(cipherSuites);
  const { certificate, privateKey } = await identityOf(section, config, folder, nowMs);
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
