/** The certificate that a global shows to its zones: the KDS one, else the general one, else a generated one. */
import { generatedTlsIdentity, loadTlsIdentity, type ServerTls } from "@isthmus/grpc-kit";
import type { Config } from "./config/schema.ts";

export async function kdsServerTls(config: Config, folder: string, nowMs: number): Promise<ServerTls | undefined> {
  const { kds } = config.multizone.global;
  if (!kds.tlsEnabled) return undefined;
  const pairs = [
    { setting: "multizone.global.kds", certificate: kds.tlsCertFile, privateKey: kds.tlsKeyFile },
    { setting: "general", certificate: config.general.tlsCertFile, privateKey: config.general.tlsKeyFile },
  ];
  for (const { setting, certificate, privateKey } of pairs) {
    if (certificate === "") continue;
    return loadTlsIdentity({
      certificate: { path: certificate, setting: `${setting}.tlsCertFile` },
      privateKey: { path: privateKey, setting: `${setting}.tlsKeyFile` },
      nowMs,
    });
  }
  return generatedTlsIdentity({ folder, nowMs });
}
