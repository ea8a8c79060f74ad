/**
 * What running control planes show on their diagnostics port, beside what Kuma 2.14.3 showed there: the same names, types and
 * labels, or a reason in docs/metrics.md, which lists everything there is.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFamilies } from "./families.ts";
import { absences, between, isAbout, MARKERS, metricTable, withTable } from "./reference.ts";
import { type RunningMetrics, runningMetrics, type Scraped } from "./running-metrics.ts";

const DOCUMENT = new URL("../../docs/metrics.md", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
const document = readFileSync(DOCUMENT, "utf8");
const absent = absences(document);
const recorded = {
  global: readFamilies(read("testdata/kuma-global.tsv")),
  zone: readFamilies(read("testdata/kuma-zone.tsv")),
};

let running: RunningMetrics | undefined;
beforeAll(async () => {
  running = await runningMetrics();
});
afterAll(() => running?.stop());

const scraped = (program: "global" | "zone"): Scraped => {
  if (running === undefined) throw new Error("not started");
  return running[program];
};

describe.each(["global", "zone"] as const)("on a %s", (program) => {
  it.each([...recorded[program]])("%s is as Kuma has it, or absent for a reason", (name, family) => {
    const declared = scraped(program).declared.find((each) => each.name === name);
    if (declared === undefined) {
      expect(
        absent.some((each) => isAbout(each, name)),
        `${name} is absent without a reason in docs/metrics.md`,
      ).toBe(true);
      return;
    }
    expect(declared.type).toBe(family.type);
    // Labels that no series of the recording had cannot be compared.
    const missing = [...family.labels].filter((label) => !declared.labels.includes(label));
    const added = declared.labels.filter((label) => family.labels.size > 0 && !family.labels.has(label));
    expect({ missing, added }).toEqual({ missing: [], added: [] });
  });

  it("what is said to be absent is", () => {
    const reasons = absent.filter(({ isAwaited }) => !isAwaited);
    const wrong = scraped(program).declared.filter(({ name }) => reasons.some((each) => isAbout(each, name)));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("every metric has the constant label, an explanation, and shows in a scrape", () => {
    const { declared, families } = scraped(program);
    for (const { name, help, type } of declared) {
      expect(help, name).not.toBe("");
      expect(families.get(name)?.type, name).toBe(type);
      const { labels = new Set() } = families.get(name) ?? {};
      expect(labels.size === 0 || labels.has("zone"), name).toBe(true);
    }
  });

  it("durations are in the unit that their name says", () => {
    for (const { name, help, type } of scraped(program).declared) {
      if (type === "histogram" && name.endsWith("_seconds")) expect(help, name).not.toContain("milliseconds");
      if (name.startsWith("isthmus_")) expect(help, name).not.toContain("milliseconds");
    }
  });
});

it("what is said to be absent was recorded", () => {
  const names = [...recorded.global.keys(), ...recorded.zone.keys()];
  const unknown = absent.filter((each) => !each.isAwaited && !names.some((name) => isAbout(each, name)));
  expect(unknown.map(({ metric }) => metric)).toEqual([]);
});

it.each(MARKERS)("docs/metrics.md lists what there is: %s (UPDATE_GOLDEN=1 rewrites the table)", (marker) => {
  const table = metricTable(marker, { global: scraped("global").declared, zone: scraped("zone").declared });
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, "utf8"), marker, table));
  else expect(between(document, marker)).toBe(table);
});

describe.each(["global", "zone"] as const)("the diagnostics port of a %s", (program) => {
  it.each([
    ["/healthy", null, ""],
    ["/ready", null, ""],
    ["/logging", "application/json", '{"components":{}}\n'],
  ])("%s answers as recorded", async (path, contentType, body) => {
    const response = await fetch(`http://127.0.0.1:${scraped(program).diagnosticsPort}${path}`);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      contentType,
      body,
    ]);
  });
});
