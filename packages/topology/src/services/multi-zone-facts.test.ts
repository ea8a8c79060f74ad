import type { Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { readService } from "../model/read-service.ts";
import { LOCAL, meshService, remoteLabels, resource, SETTINGS } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { type MultiZoneFacts, multiZoneFacts, withMultiZoneFacts } from "./multi-zone-facts.ts";

const http = (port: number): JsonObject => ({ port, targetPort: port, appProtocol: "http" });

function multiZone(
  matchLabels: Record<string, string>,
  ports: readonly JsonObject[] = [{ port: 80, appProtocol: "http" }],
): Resource {
  return resource("MeshMultiZoneService", "all", {
    spec: { selector: { meshService: { matchLabels } }, ports },
    status: {},
  });
}

function factsOf(service: Resource, members: readonly Resource[]): MultiZoneFacts {
  const view = readService(service);
  const facts = view === undefined ? undefined : multiZoneFacts(snapshotWorld([service, ...members], SETTINGS), view);
  if (facts === undefined) throw new Error("no facts");
  return facts;
}

const BY_NAME = { "kuma.io/display-name": "backend" };
const member = (zone: string, namespace = "", mesh = "default") => ({ name: "backend", namespace, zone, mesh });

describe("members of a MeshMultiZoneService", () => {
  it("are those that carry all labels, of every zone, sorted", () => {
    const kubernetes = { ...remoteLabels("east", "backend"), "k8s.kuma.io/namespace": "ns" };
    const members = [
      meshService("backend-x", [http(80)], { labels: remoteLabels("north", "backend") }),
      meshService("backend-y", [http(80)], { labels: kubernetes }),
      meshService("backend", [http(80)], { labels: { ...LOCAL, ...BY_NAME } }),
      meshService("web", [http(80)], { labels: remoteLabels("east", "web") }),
    ];
    expect(factsOf(multiZone(BY_NAME), members).members).toEqual([
      member("north"),
      member("west"),
      member("east", "ns"),
    ]);
    expect(factsOf(multiZone({ ...BY_NAME, "k8s.kuma.io/namespace": "ns" }), members).members).toEqual([
      member("east", "ns"),
    ]);
    expect(factsOf(multiZone({ ...BY_NAME, "kuma.io/zone": "north" }), members).members).toEqual([member("north")]);
  });

  it("count whether they are available or not", () => {
    const unavailable = meshService("b", [http(80)], {
      labels: remoteLabels("east", "backend"),
      spec: { state: "Unavailable" },
    });
    expect(factsOf(multiZone(BY_NAME), [unavailable]).members).toHaveLength(1);
  });

  it("have their name at home too, where no label says it", () => {
    expect(factsOf(multiZone(BY_NAME), [meshService("backend", [http(80)])]).members).toEqual([member("west")]);
  });

  it("are of its mesh only", () => {
    const other = meshService("backend", [http(80)], { mesh: "other", labels: { ...LOCAL, ...BY_NAME } });
    const facts = factsOf(multiZone(BY_NAME), [other]);
    expect(facts.members).toEqual([]);
    expect(facts.conditions[0]).toMatchObject({ status: "False" });
  });
});

describe("status of a MeshMultiZoneService", () => {
  const matched = (count: number) => ({
    type: "MeshServicesMatched",
    status: "True",
    reason: "MatchesFound",
    message: `Matched ${count} MeshService(s)`,
  });

  it("says that nothing matches, as Kuma does", () => {
    const service = multiZone(BY_NAME);
    expect(withMultiZoneFacts(service, factsOf(service, [])).status).toEqual({
      conditions: [
        {
          type: "MeshServicesMatched",
          status: "False",
          reason: "NoMatchesFound",
          message: "Selector does not match any MeshService in this zone",
        },
      ],
    });
  });

  it("keeps addresses, host names and conditions of others", () => {
    const status = {
      vips: [{ ip: "243.0.0.0" }],
      conditions: [{ type: "Other", status: "True", reason: "R", message: "" }],
    };
    const service = { ...multiZone(BY_NAME), status };
    const facts = factsOf(service, [meshService("backend", [http(80)])]);
    const written = withMultiZoneFacts(service, facts);
    expect(written.status).toEqual({
      vips: status.vips,
      meshServices: [member("west")],
      conditions: [...status.conditions, matched(1)],
    });
    expect(withMultiZoneFacts(written, facts)).toBe(written);
  });

  it("reports where ports do not fit together, as long as they do not", () => {
    const members = [
      meshService("backend", [http(80), { port: 81, appProtocol: "tcp" }]),
      meshService("backend-x", [{ port: 80, appProtocol: "tcp" }], { labels: remoteLabels("east", "backend") }),
    ];
    const service = multiZone(BY_NAME, [
      { port: 80, appProtocol: "http" },
      { port: 81, appProtocol: "tcp" },
    ]);
    const facts = factsOf(service, members);
    expect(facts.conditions).toEqual([
      matched(2),
      {
        type: "PortsConflict",
        status: "True",
        reason: "MembersDiffer",
        message: "port 80 is http, but tcp in backend of zone east; backend of zone east has no port 81",
      },
    ]);
    const written = withMultiZoneFacts(service, facts);
    const healed = withMultiZoneFacts(written, factsOf(service, members.slice(0, 1)));
    expect(healed.status?.conditions).toEqual([matched(1)]);
  });

  it("is nobody's but a MeshMultiZoneService's", () => {
    const view = readService(meshService("backend", [80]));
    if (view === undefined) throw new Error("no service");
    expect(multiZoneFacts(snapshotWorld([], SETTINGS), view)).toBeUndefined();
  });
});
