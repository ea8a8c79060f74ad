/**
 * Policies of golden cases, against what a running Kuma 2.14.3 made of them: every cluster and listener that they had changed. There the
 * policies were of the whole service, whatever the port, and the zone was alone.
 */
import { readFileSync } from "node:fs";
import { objectsOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { configurationOf, type GoldenCase, readGoldenCase } from "./testing/golden-case.ts";
import { canonical, type Kind } from "./testing/recorded.ts";

const FILE = new URL("../testdata/recorded/policies.jsonl", import.meta.url);
const FEATURES = ["feature-strict-inbound-ports", "feature-reuse-port"];

interface RecordedCase extends Partial<Record<Kind, Readonly<Record<string, JsonObject>>>> {
  readonly case: string;
}

const recorded = readFileSync(FILE, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedCase);

describe("as a running Kuma", () => {
  it.each(recorded)("$case", ({ case: name, clusters = {}, listeners = {} }) => {
    const config = configurationOf(asRecorded(readGoldenCase(name)));
    for (const [kind, parts] of [["clusters", clusters] as const, ["listeners", listeners] as const]) {
      for (const [part, json] of Object.entries(parts)) {
        const ours = config[kind].get(part);
        expect(ours === undefined ? "missing" : canonical(kind, ours), part).toEqual(canonical(kind, json));
      }
    }
  });
});

function asRecorded({ head, resources }: GoldenCase): GoldenCase {
  const isWorldA = textOf(head, "world") === "a";
  return {
    head: isWorldA ? { ...head, metadata: { features: FEATURES } } : head,
    resources: resources.filter(({ name }) => !name.includes("east")).map(ofAllPorts),
  };
}

function ofAllPorts(resource: Resource): Resource {
  const items = objectsOf(resource.spec, "to");
  if (items.length === 0) return resource;
  const to = items.map((item) => {
    const { sectionName: _port, ...targetRef } = item.targetRef as JsonObject;
    return { ...item, targetRef };
  });
  return { ...resource, spec: { ...resource.spec, to } };
}
