/** What settings demand of each other. */
import { isReservedLabel } from "@isthmus/resources";
import { parseRange } from "@isthmus/topology";
import { tlsProblems } from "./effective-tls.ts";
import type { Config } from "./schema.ts";

export interface SettingProblem {
  readonly setting: string;
  readonly reason: string;
}

export function crossChecks(config: Config): readonly SettingProblem[] {
  const found: SettingProblem[] = [];
  const { kds } = config.multizone.global;
  if (kds.zoneHealthCheck.pollInterval > 0 !== kds.zoneHealthCheck.timeout > 0) {
    found.push({
      setting: "multizone.global.kds.zoneHealthCheck.timeout",
      reason: "pollInterval and timeout must both be set or both be 0",
    });
  }
  found.push(...tlsProblems(config));
  const { https, auth } = config.apiServer;
  if (https.requireClientCert && https.tlsCaFile === "" && auth.clientCertsDir === "") {
    const reason = "nobody could connect without apiServer.https.tlsCaFile or apiServer.auth.clientCertsDir";
    found.push({ setting: "apiServer.https.requireClientCert", reason });
  }
  const { zone } = config.multizone;
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(zone.name)) {
    found.push({
      setting: "multizone.zone.name",
      reason: `${JSON.stringify(zone.name)} is not a DNS label: 1 to 63 of a-z, 0-9 and '-', starting and ending with a letter or digit`,
    });
  }
  if (zone.globalAddress !== "") {
    const address = /^(grpcs?):\/\/(\[[0-9a-fA-F:]+\]|[^/:\s]+):(\d{1,5})$/.exec(zone.globalAddress);
    if (!address || Number(address[3]) > 65_535 || Number(address[3]) === 0) {
      found.push({
        setting: "multizone.zone.globalAddress",
        reason: `${JSON.stringify(zone.globalAddress)} has to be grpcs://HOST:PORT or grpc://HOST:PORT`,
      });
    }
  }
  found.push(...zoneProofProblems(config));
  const { meshService, meshExternalService, meshMultiZoneService } = config.ipam;
  for (const [name, { cidr }] of Object.entries({ meshService, meshExternalService, meshMultiZoneService })) {
    const range = parseRange(cidr);
    if (!range.ok) found.push({ setting: `ipam.${name}.cidr`, reason: range.error });
  }
  const reserved = config.meshService.labelPropagation.allowedLabelKeys.filter(isReservedLabel);
  if (reserved.length > 0) {
    const reason = `keys of the control plane cannot be taken over: ${reserved.join(", ")}`;
    found.push({ setting: "meshService.labelPropagation.allowedLabelKeys", reason });
  }
  return found;
}

function zoneProofProblems({ multizone: { global, zone } }: Config): readonly SettingProblem[] {
  const found: SettingProblem[] = [];
  const { kds } = global;
  if (kds.auth.type === "clientCert" && kds.auth.clientCaFile === "") {
    const reason = "has to name the CA of the certificates that zones show";
    found.push({ setting: "multizone.global.kds.auth.clientCaFile", reason });
  }
  if (kds.auth.type === "clientCert" && !kds.tlsEnabled) {
    found.push({ setting: "multizone.global.kds.auth.type", reason: "certificates of zones need tlsEnabled" });
  }
  const { auth } = zone.kds;
  const setting = "multizone.zone.kds.auth";
  if (auth.token !== "" && auth.tokenFile !== "") {
    found.push({ setting: `${setting}.tokenFile`, reason: "has to be empty where token is set" });
  }
  if ((auth.certFile === "") !== (auth.keyFile === "")) {
    found.push({ setting: `${setting}.keyFile`, reason: `has to be set together with ${setting}.certFile` });
  }
  const hasProof = auth.token + auth.tokenFile + auth.certFile !== "";
  if (hasProof && zone.globalAddress.startsWith("grpc://")) {
    const reason = "has to be grpcs://HOST:PORT: a proof of the zone must not travel in the clear";
    found.push({ setting: "multizone.zone.globalAddress", reason });
  }
  return found;
}
