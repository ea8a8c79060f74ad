/**
 * Every request that was put to Kuma 2.14.3 is put to control planes of ours that hold the same: the answers are equal, or
 * differ at exactly the places that a verdict names, for a reason that the documents give.
 */
import { readFileSync } from "node:fs";
import { parseResource } from "@isthmus/resources";
import { isJsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerDifferences, ask } from "./ask.ts";
import { adminToken, type ControlPlane, startGlobal, startWest } from "./recorded-deployment.ts";
import { readVerdicts, recordingsOf, type Target } from "./recording.ts";

const verdicts = readVerdicts();
const START: Readonly<Record<Target, () => Promise<ControlPlane>>> = { global: startGlobal, west: startWest };

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
  const running = (): ControlPlane => {
    if (controlPlane === undefined) throw new Error("not started");
    return controlPlane;
  };
  beforeAll(async () => {
    controlPlane = await START[target]();
  });
  afterAll(() => controlPlane?.stop());

  // One after the other: later ones meet what earlier ones wrote.
  for (const recording of recordingsOf(target)) {
    const verdict = verdicts.get(recording.name) ?? { kind: "equal", by: "values" };
    const isAwaited = verdict.kind === "awaited";
    it(`${recording.name}: ${recording.request.method} ${recording.request.path}`, async ({ skip }) => {
      if (recording.name === SEEN_ON_GLOBAL.name) await putInWest(running());
      const answer = await ask(running().port, recording, adminToken(running().instance));
      skip(isAwaited, "its endpoint is being built");
      if (verdict.kind === "differs") {
        const places = answerDifferences(recording, answer, "values").map(({ place }) => place);
        expect([...new Set(places)].sort()).toEqual([...verdict.places].sort());
      } else {
        const by = verdict.kind === "equal" ? verdict.by : "values";
        expect(answerDifferences(recording, answer, by).map(({ text }) => text)).toEqual([]);
      }
    });
  }
});

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
