/** What the TLS settings of a server and those of `general`, for all servers, come to. */
import { isOfTls12 } from "./cipher-suites.ts";
import type { SettingProblem } from "./cross-checks.ts";
import type { Config } from "./schema.ts";
import type { TlsSettings } from "./tls-settings.ts";

export type TlsSection = "apiServer.https" | "dpServer" | "multizone.global.kds";

export interface EffectiveTls {
  readonly minVersion: "TLSv1_2" | "TLSv1_3";
  /** "": the newest. */
  readonly maxVersion: "" | "TLSv1_2" | "TLSv1_3";
  readonly cipherSuites: readonly string[];
}

export const tlsSections = ({ apiServer, dpServer, multizone }: Config): Readonly<Record<TlsSection, TlsSettings>> => ({
  "apiServer.https": apiServer.https,
  dpServer,
  "multizone.global.kds": multizone.global.kds,
});

/**
 * What `general` says counts before the server's own, as in Kuma; but the higher of both minimums does, where Kuma's default of
 * `general.tlsMinVersion` lowers that of each server. Source: kuma v2.14.3: pkg/core/bootstrap/autoconfig.go.
 */
export function effectiveTls(own: TlsSettings, general: TlsSettings): EffectiveTls {
  const isNewOnly = own.tlsMinVersion === "TLSv1_3" || general.tlsMinVersion === "TLSv1_3";
  return {
    minVersion: isNewOnly ? "TLSv1_3" : "TLSv1_2",
    maxVersion: general.tlsMaxVersion === "" ? own.tlsMaxVersion : general.tlsMaxVersion,
    cipherSuites: general.tlsCipherSuites.length === 0 ? own.tlsCipherSuites : general.tlsCipherSuites,
  };
}

/** Files without the other of their pair, and versions and suites with which nobody could connect. */
export function tlsProblems(config: Config): readonly SettingProblem[] {
  const { general } = config;
  const found: SettingProblem[] = [];
  for (const [section, own] of Object.entries({ general, ...tlsSections(config) })) {
    const files = [`${section}.tlsCertFile`, `${section}.tlsKeyFile`] as const;
    if (own.tlsCertFile === "" && own.tlsKeyFile !== "") add(files[0], `has to be set together with ${files[1]}`);
    if (own.tlsCertFile !== "" && own.tlsKeyFile === "") add(files[1], `has to be set together with ${files[0]}`);

    const { minVersion, maxVersion, cipherSuites } = effectiveTls(own, general);
    if (maxVersion !== "TLSv1_2") continue;
    const maximum = `${general.tlsMaxVersion === "" ? section : "general"}.tlsMaxVersion`;
    const minimum = `${general.tlsMinVersion === "TLSv1_3" ? "general" : section}.tlsMinVersion`;
    const suites = `${general.tlsCipherSuites.length === 0 ? section : "general"}.tlsCipherSuites`;
    if (minVersion === "TLSv1_3") add(maximum, `TLSv1_2 is below ${minimum}, which is TLSv1_3`);
    else if (cipherSuites.length > 0 && !cipherSuites.some(isOfTls12)) {
      add(suites, `has no suite of TLS 1.2, and ${maximum} allows nothing newer: ${cipherSuites.join(", ")}`);
    }
  }
  return found;

  /** Once: what is wrong with `general` alone is so for each server. */
  function add(setting: string, reason: string): void {
    const isKnown = found.some((problem) => problem.setting === setting && problem.reason === reason);
    if (!isKnown) found.push({ setting, reason });
  }
}
