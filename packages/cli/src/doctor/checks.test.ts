import type { JsonObject } from "@isthmus/std";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { doctorRig, lastOf, NOW } from "../testing/doctor-rig.ts";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";

const kuma: RecordedServer = await recordedServer();
const { check, answer, refuse, list, config, metrics, zones, ledger, ledgerRow } = doctorRig(kuma);
beforeEach(() => kuma.answers.clear());
afterAll(() => kuma.stop());

describe("a check finds", () => {
  it.each<[name: string, check: string, status: string, evidence: RegExp, prepare: () => void]>([
    ["nothing wrong with a Kuma", "zones-online", "ok", /^2 of 2 zones are online$/, () => {}],
    [
      "a zone that is away",
      "zones-online",
      "fail",
      /^zone west is offline for 1m$/,
      () => zones(([, west]) => void (lastOf(west)["disconnectTime"] = "2026-11-23T23:17:40Z")),
    ],
    [
      "a zone that does not fit",
      "zone-versions",
      "fail",
      /^zone east runs 2\.4\.0, which does not go with 2\.14\.3$/,
      () => zones(([east]) => void (lastOf(east)["version"] = { kumaCp: { version: "2.4.0" } })),
    ],
    [
      "a zone of another version that fits",
      "zone-versions",
      "warn",
      /^zone east runs 2\.13\.1, the global 2\.14\.3$/,
      () =>
        zones(
          ([east]) => void (lastOf(east)["version"] = { kumaCp: { version: "2.13.1", kumaCpGlobalCompatible: true } }),
        ),
    ],
    [
      "two instances that fight for a name",
      "zone-names",
      "fail",
      /^several instances fight for the name east: a, b$/,
      () =>
        zones(([east]) => {
          const all = east?.zoneInsight.subscriptions ?? [];
          const subscription = (zoneInstanceId: string, second: number): JsonObject => ({
            zoneInstanceId,
            connectTime: `2026-11-23T23:18:0${second}Z`,
          });
          all.splice(0, all.length, ...["a", "b", "a", "b"].map((instance, i) => subscription(instance, i)));
        }),
    ],
    [
      "that a name was claimed twice",
      "zone-names",
      "warn",
      /^two instances claimed the name west since the global started$/,
      () => metrics('isthmus_zone_name_conflicts_total{zone="west",outcome="replace"} 2\n'),
    ],
    ["zones without a disk", "zone-stores", "warn", /^zone east keeps its resources in memory only$/, () => {}],
    [
      "half of a zone",
      "streams",
      "fail",
      /^zone west is online for 3m, but what it has to tell does not flow \(zoneToGlobal\)$/,
      () => zones(([, west]) => void (west !== undefined && (west.zoneInsight.kdsStreams["zoneToGlobal"] = {}))),
    ],
    [
      "a type that is stuck",
      "sync-stuck",
      "fail",
      /^MeshTimeout to zone east: 3 changes wait for 5m$/,
      () => ledger([ledgerRow({ oldestUnackedSeconds: 300 })]),
    ],
    [
      "a type that is slow",
      "sync-stuck",
      "warn",
      /wait for 45s$/,
      () => ledger([ledgerRow({ oldestUnackedSeconds: 45 }), ledgerRow({ oldestUnackedSeconds: 3 })]),
    ],
    [
      "responses that a zone of a Kuma did not answer",
      "sync-stuck",
      "warn",
      /^Mesh to zone east: 2 responses without an answer for 2m$/,
      () =>
        zones(([east]) => {
          const stat = { Mesh: { responsesSent: "3", responsesAcknowledged: "1" } };
          lastOf(east)["status"] = { lastUpdateTime: "2026-11-23T23:16:00Z", stat };
        }),
    ],
    [
      "what was refused, and why",
      "sync-rejected",
      "fail",
      /^MeshTimeout to zone east: default\/slow was refused: spec\.to: must not be empty$/,
      () =>
        ledger([
          ledgerRow({
            state: "rejected",
            rejected: [
              {
                wireName: "default/slow",
                version: "1",
                reason: "spec.to: must not be empty",
                since: 1,
                isCertain: true,
              },
            ],
          }),
        ]),
    ],
    [
      "that a zone of a Kuma refused something",
      "sync-rejected",
      "warn",
      /^zone east refused 2 responses with Mesh$/,
      () =>
        zones(([east]) => {
          lastOf(east)["status"] = { stat: { Mesh: { responsesSent: "3", responsesRejected: "2" } } };
        }),
    ],
    [
      "what fits no message",
      "sync-oversize",
      "fail",
      /^MeshTimeout to zone east does not fit a message$/,
      () => ledger([ledgerRow({ state: "oversize" })]),
    ],
    [
      "deletions that are held",
      "holds",
      "warn",
      /^east\/MeshService\/zone: would delete 8 of 10: too many$/,
      () =>
        ledger(
          [],
          [
            {
              id: "east/MeshService/zone",
              reason: "too many",
              since: 1,
              keys: [],
              wouldDelete: 8,
              of: 10,
              state: "held",
            },
          ],
        ),
    ],
    ["a store that forgets", "store", "warn", /^the store is memory/, () => {}],
    [
      "that anybody may write to a Kuma",
      "exposure",
      "warn",
      /^everybody who reaches REST \(http, https\) may write everything but secrets/,
      () => {},
    ],
    [
      "that anybody may write because somebody wanted it",
      "exposure",
      "fail",
      /may write everything but secrets/,
      () => config((each) => void (each["access"] = { ...each["access"], anonymousWrites: true })),
    ],
    [
      "that nobody may",
      "exposure",
      "ok",
      /takes no writes without credentials/,
      () => config((each) => void (each["access"] = { ...each["access"], anonymousWrites: false })),
    ],
    [
      "a mesh without mTLS between zones",
      "mesh-mtls",
      "warn",
      /^mesh bare has no mTLS: its services cannot be reached from other zones$/,
      () =>
        list("/meshes", { type: "Mesh", name: "bare" }, { type: "Mesh", name: "m", mtls: { enabledBackend: "ca" } }),
    ],
    [
      "services that no zone can reach",
      "ingress-addresses",
      "warn",
      /^1 services of zone east cannot be reached from other zones: it has no ingress$/,
      () => {
        list("/meshservices", { type: "MeshService", mesh: "m", name: "s", labels: { "kuma.io/zone": "east" } });
        list("/zoneingresses");
      },
    ],
    [
      "an ingress that nobody can find",
      "ingress-addresses",
      "fail",
      /ingress in has no advertised address and port$/,
      () => {
        list("/meshservices", { type: "MeshService", mesh: "m", name: "s", labels: { "kuma.io/zone": "east" } });
        const networking = { address: "10.0.0.1", port: 10001 };
        list("/zoneingresses", { type: "ZoneIngress", name: "in", labels: { "kuma.io/zone": "east" }, networking });
      },
    ],
    [
      "zone proxies that are all there",
      "zone-proxies",
      "ok",
      /^all 4 zone ingresses and egresses are online$/,
      () => {},
    ],
    [
      "an egress that is away",
      "zone-proxies",
      "fail",
      /^0 of 1 egresses of zone east are online$/,
      () =>
        list("/zoneegresses/_overview", {
          type: "ZoneEgressOverview",
          name: "out",
          labels: { "kuma.io/zone": "east" },
          zoneEgressInsight: {
            subscriptions: [{ connectTime: "2026-11-23T23:10:00Z", disconnectTime: "2026-11-23T23:11:00Z" }],
          },
        }),
    ],
    [
      "proxies that are away",
      "dataplanes",
      "warn",
      /^2 of 5 proxies of mesh m are offline$/,
      () => list("/mesh-insights", { type: "MeshInsight", name: "m", dataplanes: { total: 5, online: 3, offline: 2 } }),
    ],
    [
      "that no proxy is there",
      "dataplanes",
      "fail",
      /^all 2 proxies of mesh m are offline$/,
      () => list("/mesh-insights", { type: "MeshInsight", name: "m", dataplanes: { total: 2, offline: 2 } }),
    ],
    [
      "mistakes of the program",
      "defects",
      "fail",
      /^isthmus_defects_total is 2$/,
      () => metrics("isthmus_defects_total 2\n"),
    ],
    ["a port that is not that of diagnostics", "metrics", "warn", /lacks cp_info, leader$/, () => metrics("up 1\n")],
    [
      "a part that does not run",
      "ready",
      "fail",
      /\/ready answers 503$/,
      () => void kuma.answers.set("GET /ready", { status: 503, text: "" }),
    ],
    [
      "a clock that goes wrong",
      "clock",
      "fail",
      /^the clock of the server is \d+[dy] (ahead of|behind) the one here$/,
      () => {},
    ],
    ["who it is", "identity", "ok", /^you are mesh-system:admin/, () => {}],
    [
      "that the server does not know who it is",
      "identity",
      "warn",
      /does not know who you are/,
      () => answer("/who-am-i", { name: "mesh-system:anonymous", groups: ["mesh-system:unauthenticated"] }),
    ],
    ["that it may not look", "identity", "skip", /^you may not ask: Access Denied/, () => refuse("/who-am-i")],
    [
      "what it cannot understand",
      "zones-online",
      "skip",
      /^cannot be told: /,
      () => answer("/zones/_overview?size=1000", { items: 3 }),
    ],
  ])("%s", async (_, name, status, evidence, prepare) => {
    prepare();
    const result = await check(name);
    expect(result).toMatchObject({ check: name, status });
    expect(result.evidence.some((line) => evidence.test(line))).toBe(true);
  });

  it("a token that is about to end", async () => {
    const claims = Buffer.from(JSON.stringify({ exp: NOW / 1000 + 3_600 })).toString("base64url");
    const result = await check("identity", [], { env: { ISTHMUS_TOKEN: `head.${claims}.tail` } });
    expect(result).toMatchObject({ status: "warn", evidence: ["your token is valid for 1h more"] });
    expect(JSON.stringify(result)).not.toContain(claims);
  });
});
