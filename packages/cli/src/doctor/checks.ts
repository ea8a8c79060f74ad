/** All checks in the order in which they are shown: the server, its zones, the sync, the meshes. */
import { errorMessage } from "@isthmus/std";
import { explainError } from "../connection/explain-error.ts";
import { ConnectionError } from "../connection/transport.ts";
import { type Facts, isRefused } from "./facts.ts";
import { type Finding, fail, type Status, skip } from "./finding.ts";
import { dataplanes, ingressAddresses, meshMtls, proxyCertificates, topology } from "./mesh-checks.ts";
import {
  api,
  authorities,
  clock,
  defects,
  disk,
  exposure,
  identity,
  kdsCertificate,
  metrics,
  ports,
  ready,
  restCertificate,
  store,
  version,
} from "./server-checks.ts";
import { holds, oversize, rejected, stuck } from "./sync-checks.ts";
import { streams, zoneNames, zoneProxies, zoneStores, zonesOnline, zoneVersions } from "./zone-checks.ts";

const API = "api";

const CHECKS: Readonly<Record<string, (facts: Facts) => Promise<Finding>>> = {
  [API]: api,
  version,
  ports,
  ready,
  metrics,
  defects,
  "rest-certificate": restCertificate,
  "kds-certificate": kdsCertificate,
  clock,
  identity,
  exposure,
  store,
  disk,
  "zones-online": zonesOnline,
  "zone-versions": zoneVersions,
  "zone-names": zoneNames,
  "zone-stores": zoneStores,
  streams,
  "sync-stuck": stuck,
  "sync-rejected": rejected,
  "sync-oversize": oversize,
  holds,
  "zone-proxies": zoneProxies,
  "ingress-addresses": ingressAddresses,
  "mesh-mtls": meshMtls,
  authorities,
  dataplanes,
  "proxy-certificates": proxyCertificates,
  topology,
};

export const CHECK_NAMES: readonly string[] = Object.keys(CHECKS);

export interface CheckResult extends Finding {
  readonly check: string;
}

/** One after the other: a server in trouble is not asked everything at once. A check that fails itself does not stop the others. */
export async function runChecks(
  facts: Facts,
  names: readonly string[] = CHECK_NAMES,
  onDone: () => void = () => {},
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  let isLost = false;
  for (const name of names) {
    const run = CHECKS[name];
    if (run === undefined) continue;
    const finding: Finding = isLost ? skip("the server cannot be reached") : await guarded(name, run, facts);
    isLost ||= name === API && finding.status === "fail";
    results.push({ check: name, ...finding });
    onDone();
  }
  return results;
}

async function guarded(name: string, run: (facts: Facts) => Promise<Finding>, facts: Facts): Promise<Finding> {
  try {
    return await run(facts);
  } catch (error) {
    const { server } = facts.connection.settings;
    if (name === API || error instanceof ConnectionError) {
      return fail(
        [explainError(error, server)],
        "is it the right address? isthmus profile list; does the server run? see its log and: isthmus doctor on its machine",
      );
    }
    if (isRefused(error)) return skip(`you may not ask: ${explainError(error, server)}`);
    return skip(`cannot be told: ${errorMessage(error).split("\n")[0] ?? ""}`);
  }
}

export function worst(results: readonly CheckResult[]): Status {
  const order: readonly Status[] = ["fail", "warn", "ok"];
  return order.find((status) => results.some((result) => result.status === status)) ?? "skip";
}
