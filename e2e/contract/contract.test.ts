/**
 * Every request that was put to Kuma 2.14.3 is put to control planes of ours that hold the same: the answers are equal, or
 * differ at exactly the places that a verdict names, for a reason that the documents give.
 */
import { readFileSync } from "node:fs";
import { parseResource } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerDifferences, ask } from "./ask.ts";
import { DescribedApi } from "./described-api.ts";
import type { Difference } from "./difference.ts";
import { adminToken, type ControlPlane, startGlobal, startWest } from "./recorded-deployment.ts";
import { readVerdicts, recordingsOf, type Target } from "./recording.ts";

const verdicts = readVerdicts();
const START: Readonly<Record<Target, () => Promise<ControlPlane>>> = {
  global: () => startGlobal(),
  west: startWest,
};

/** Recorded after zone `west` had got this policy. */
const SEEN_ON_GLOBAL = { name: "global/writes/zone-policy-seen-on-global", policy: "west/writes/policy-get" };

describe("verdicts", () => {
  it("are there for every recording, once", () => {
    const names = [...recordingsOf("global"), ...recordingsOf("west")].map(({ name }) => name);
    expect([...verdicts.keys()]).toEqual(names);
  });

  it("on what differs have their reason in docs/compatibility.md", () => {
    const document = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
    const reasons = new Set([...verdicts.values()].flatMap((each) => (each.kind === "differs" ? [each.reason] : [])));
    expect([...reasons].filter((reason) => !document.includes(reason))).toEqual([]);
  });
});

describe.each(["global", "west"] as const)("%s", (target) => {
  let controlPlane: ControlPlane | undefined;
  let described: DescribedApi | undefined;
  const running = (): ControlPlane => {
    if (controlPlane === undefined) throw new Error("not started");
    return controlPlane;
  };
  beforeAll(async () => {
    controlPlane = await START[target]();
    const response = await fetch(`http://127.0.0.1:${controlPlane.port}/openapi.json`);
    described = new DescribedApi((await response.json()) as JsonObject);
  });
  afterAll(() => controlPlane?.stop());

  it("an answer with a member that no document knows is found", () => {
    const answer = { type: "Zone", name: "east", enabled: true };
    const problems = (text: object) =>
      described?.problems("GET", "/zones/east", 200, "application/json", JSON.stringify(text));
    expect(problems(answer)).toEqual([]);
    expect(problems({ ...answer, surprise: 1 })).not.toEqual([]);
    expect(problems({ ...answer, enabled: "true" })).not.toEqual([]);
  });

  it("every route is described", () => expect(described?.undescribed).toEqual([]));

  // One after the other: later ones meet what earlier ones wrote.
  for (const recording of recordingsOf(target)) {
    const verdict = verdicts.get(recording.name) ?? { kind: "equal" };
    it(`${recording.name}: ${recording.request.method} ${recording.request.path}`, async () => {
      if (recording.name === SEEN_ON_GLOBAL.name) await putInWest(running());
      const { method, path } = recording.request;
      const problems = async (): Promise<readonly string[]> => {
        const answer = await ask(running().port, recording, adminToken(running().instance));
        expect(described?.problems(method, path, answer.status, answer.contentType ?? "", answer.text)).toEqual([]);
        const found = answerDifferences(recording, answer);
        return verdict.kind === "differs" ? strayPlaces(found, verdict.places) : found.map(({ text }) => text);
      };
      // Insights follow what they count, and may still be on their way when they are asked for.
      if (method === "GET") await expect.poll(problems, { timeout: 15_000, interval: 100 }).toEqual([]);
      else expect(await problems()).toEqual([]);
    });
  }
});

/** Differences at no place of the verdict, and places of it where there is none. `.*` is every place in the body. */
function strayPlaces(found: readonly Difference[], places: readonly string[]): readonly string[] {
  const isAt = (difference: Difference, place: string): boolean =>
    place === ".*" ? difference.place.startsWith(".") : difference.place === place;
  const strayDifferences = found.filter((each) => !places.some((place) => isAt(each, place))).map(({ text }) => text);
  return [...strayDifferences, ...places.filter((place) => !found.some((each) => isAt(each, place)))];
}

/** As its operator did. Resolves when the global has it. */
async function putInWest(global: ControlPlane): Promise<void> {
  const west = global.zones.get("west")?.instance;
  const json = recordingsOf("west").find(({ name }) => name === SEEN_ON_GLOBAL.policy)?.response.json;
  const type = west?.registry.get("MeshTimeout");
  if (west === undefined || type === undefined || !isJsonObject(json)) throw new Error("no policy of a zone west");
  const parsed = parseResource(type, json, { isFromServer: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  await west.store.commit([{ kind: "put", resource: parsed.value }]);
  const { store } = global.instance;
  await eventually(() => store.list("MeshTimeout").some(({ name }) => name.startsWith("rec-")), {
    what: "the policy of the zone on the global",
  });
}
