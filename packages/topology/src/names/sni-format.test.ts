/** The table of who uses which form, row by row. */
import { describe, expect, it } from "vitest";
import { type SniChoice, type SniSide, type SniTarget, sniChoice } from "./sni-format.ts";

const zoneProxy: SniSide = { kind: "zoneProxy" };
const zoneListener: SniSide = { kind: "zoneListener" };
const meshMtls: SniSide = { kind: "sidecar", hasWorkloadIdentity: false };
const workload: SniSide = { kind: "sidecar", hasWorkloadIdentity: true };

const legacy: SniTarget = { kind: "legacy" };
const ms = (zone: string, isLocal = false): SniTarget => ({ kind: "MeshService", isLocal, zone });
const mzms = (...endpointZones: string[]): SniTarget => ({ kind: "MeshMultiZoneService", endpointZones });
const mes = (hasEgressIdentity: boolean): SniTarget => ({ kind: "MeshExternalService", hasEgressIdentity });

const tags: SniChoice = { format: "tags" };
const hashed: SniChoice = { format: "hashed" };
const kri = (...hashedZones: string[]): SniChoice => ({ format: "kri", hashedZones });
const none: SniChoice = expect.objectContaining({ format: "none" });

describe("zone `east` has a MeshZoneAddress, `north` has a ZoneIngress alone, `west` is the own zone without an address", () => {
  const zonesWithAddress: ReadonlySet<string> = new Set(["east"]);
  it.each<[string, SniSide, SniTarget, SniChoice]>([
    ["zone proxy, legacy service", zoneProxy, legacy, tags],
    ["zone proxy, MS", zoneProxy, ms("east"), hashed],
    ["zone proxy, MMZS", zoneProxy, mzms("east", ""), hashed],
    ["zone proxy, MES", zoneProxy, mes(true), hashed],
    ["listener, MS", zoneListener, ms("north"), kri()],
    ["listener, MMZS", zoneListener, mzms("north"), kri()],
    ["listener, MES", zoneListener, mes(false), kri()],
    ["listener, legacy service", zoneListener, legacy, none],
    ["mesh mTLS, legacy service", meshMtls, legacy, tags],
    ["mesh mTLS, MS of a zone with address", meshMtls, ms("east"), hashed],
    ["mesh mTLS, local MS", meshMtls, ms("west", true), hashed],
    ["mesh mTLS, MMZS", meshMtls, mzms("east"), hashed],
    ["mesh mTLS, MES", meshMtls, mes(true), hashed],
    ["identity, legacy service", workload, legacy, tags],
    ["identity, local MS", workload, ms("west", true), kri()],
    ["identity, MS without zone", workload, ms(""), kri()],
    ["identity, MS of a zone with address", workload, ms("east"), kri()],
    ["identity, MS of a zone with ingress alone", workload, ms("north"), hashed],
    ["identity, MMZS without endpoints", workload, mzms(), kri()],
    ["identity, MMZS with endpoints without locality", workload, mzms("", ""), kri()],
    ["identity, MMZS in zones with address", workload, mzms("east", "east"), kri()],
    ["identity, MMZS in both kinds of zones", workload, mzms("north", "east", "north", "a"), kri("a", "north")],
    ["identity, MMZS without locality and elsewhere", workload, mzms("", "north"), kri("north")],
    ["identity, MMZS, own zone counts as one without address", workload, mzms("west", "east"), kri("west")],
    ["identity, MMZS in zones with ingress alone", workload, mzms("north", "west"), hashed],
    ["identity, MES", workload, mes(true), kri()],
    ["identity, MES, no egress to trust", workload, mes(false), none],
  ])("%s", (_row, side, target, choice) => expect(sniChoice(side, target, zonesWithAddress)).toEqual(choice));
});
