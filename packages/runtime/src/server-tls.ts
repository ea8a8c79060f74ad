/** The certificate that a server shows: its own, else the general one, else one made once and kept in the work folder. */
import { generatedTlsIdentity, loadTlsIdentity, type ServerTls } from "@isthmus/grpc-kit";
import type { Config } from "./config/schema.ts";

export interface TlsFiles {
  /** Section of the settings: `multizone.global.kds`. */
  readonly section: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
}

/** @throws {TlsIdentityError} which names file and setting */
export async function serverTls(own: TlsFiles, config: Config, folder: string, nowMs: number): Promise<ServerTls> {
  for (const { section, tlsCertFile, tlsKeyFile } of [own, { section: "general", ...config.general }]) {
    if (tlsCertFile === "") continue;
    return loadTlsIdentity({
      certificate: { path: tlsCertFile, setting: `${section}.tlsCertFile` },
      privateKey: { path: tlsKeyFile, setting: `${section}.tlsKeyFile` },
      nowMs,
    });
  }
  return generatedTlsIdentity({ folder, nowMs });
}

export async function kdsServerTls(config: Config, folder: string, nowMs: number): Promise<ServerTls | undefined> {
  const { kds } = config.multizone.global;
  return kds.tlsEnabled ? serverTls({ section: "multizone.global.kds", ...kds }, config, folder, nowMs) : undefined;
}
