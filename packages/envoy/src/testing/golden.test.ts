/**
 * Golden cases of whole translations. `UPDATE_GOLDEN=1` writes what is made; a difference is to be read against the reference, not just
 * recorded.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isJsonObject, type JsonValue } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { encode, type ResourceKind } from "../draft/encode.ts";
import type { EnvoyConfig } from "../draft/finish.ts";
import { configurationOf, GOLDEN_CASES, GOLDEN_FOLDER, readGoldenCase } from "./golden-case.ts";
import { shownOf } from "./golden-shown.ts";

const MIN_CASES = 120;

describe("golden cases", () => {
  it(`are at least ${MIN_CASES}`, () => {
    expect(GOLDEN_CASES.length).toBeGreaterThanOrEqual(MIN_CASES);
  });

  it("are all there is", () => {
    expect(readdirSync(GOLDEN_FOLDER).filter((name) => name !== "worlds")).toEqual(GOLDEN_CASES);
  });

  it.each(GOLDEN_CASES)("%s", (name) => {
    const golden = readGoldenCase(name);
    const config = configurationOf(golden);
    const shown = shownOf(golden, config);
    expect(Object.keys(shown)).not.toEqual([]);
    const file = `${GOLDEN_FOLDER}${name}/expected.yaml`;
    if (process.env["UPDATE_GOLDEN"] === "1") {
      writeFileSync(file, stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false }));
    }
    expect(JSON.parse(JSON.stringify(shown))).toEqual(existsSync(file) ? parse(readFileSync(file, "utf8")) : "a file");
    expect(unencodable(config)).toEqual([]);
    expect(missingClusters(config)).toEqual([]);
  });
});

/** What Envoy's messages do not have. */
function unencodable({ clusters, endpoints, listeners }: EnvoyConfig): readonly string[] {
  const errors = (kind: ResourceKind, parts: ReadonlyMap<string, object>): readonly string[] =>
    [...parts].flatMap(([name, json]) => {
      const encoded = encode(kind, name, json);
      return encoded.ok ? [] : [`${kind} ${name}: ${encoded.error}`];
    });
  return [...errors("cluster", clusters), ...errors("endpoints", endpoints), ...errors("listener", listeners)];
}

/** Taken away where nothing is to leave the mesh: Envoy then resets connections to it. */
const PASSTHROUGH = /^(?:outbound:passthrough:|self_transparentproxy_passthrough_outbound_)ipv[46]$/;

/** Envoy does not ask whether the clusters of routes exist. */
function missingClusters({ clusters, listeners }: EnvoyConfig): readonly string[] {
  const named = clustersIn(JSON.parse(JSON.stringify([...listeners.values()])) as JsonValue);
  return [...new Set(named)].filter((name) => !clusters.has(name) && !PASSTHROUGH.test(name));
}

const CLUSTER_MEMBERS: ReadonlySet<string> = new Set(["cluster", "clusterName", "collectorCluster"]);

function clustersIn(value: JsonValue): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(clustersIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (member === undefined) return [];
    if (typeof member === "string") return CLUSTER_MEMBERS.has(key) ? [member] : [];
    const weighted = key === "weightedClusters" && isJsonObject(member) ? member.clusters : undefined;
    if (!Array.isArray(weighted)) return clustersIn(member);
    return weighted.flatMap((each) => (isJsonObject(each) && typeof each.name === "string" ? [each.name] : []));
  });
}
