/** Every query of the dashboards and the alerting rules asks for what running programs show. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { describedBy, type Metrics, queryProblems, resultLabels } from "./query-problems.ts";
import { type RunningMetrics, runningMetrics } from "./running-metrics.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const filesOf = (folder: string): readonly string[] =>
  readdirSync(new URL(folder, DEPLOY)).filter((file) => !file.endsWith(".md"));
const read = (path: string): string => readFileSync(new URL(path, DEPLOY), "utf8");

const source = z.object({ type: z.literal("prometheus"), uid: z.literal("${datasource}") });
const panelSchema = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), datasource: source })).default([]),
});
const dashboardSchema = z.object({
  uid: z.string().min(1),
  title: z.string().min(1),
  panels: z.array(panelSchema),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), query: z.union([z.string(), z.object({ query: z.string() })]) })),
  }),
});
const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Isthmus[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
          annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(1) }),
        }),
      ),
    }),
  ),
});

let running: RunningMetrics | undefined;
beforeAll(async () => {
  running = await runningMetrics();
});
afterAll(() => running?.stop());

/** Of both programs. */
function metrics(): Metrics {
  if (running === undefined) throw new Error("not started");
  return new Map([...running.global.declared, ...running.zone.declared].map((each) => [each.name, each]));
}

describe.each(filesOf("grafana/"))("dashboard %s", (file) => {
  const dashboard = dashboardSchema.parse(JSON.parse(read(`grafana/${file}`)));
  const panels = dashboard.panels.filter(({ type }) => type !== "row");

  it.each(panels)("$title", ({ targets, description }) => {
    expect(description).toBeTruthy();
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) expect(queryProblems(expr, metrics()), expr).toEqual([]);
  });

  it("variables are values of labels that exist", () => {
    for (const { query } of dashboard.templating.list) {
      const text = typeof query === "string" ? query : query.query;
      if (text === "prometheus") continue;
      const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(text) ?? [];
      expect([...(describedBy(metric, metrics())?.labels ?? []), "zone"], text).toContain(label);
      expect(describedBy(metric, metrics()), text).toBeDefined();
    }
  });

  it("uses only variables that it has", () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    const used = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)]));
    const unknown = used.map(([, name = ""]) => name).filter((name) => !name.startsWith("__") && !names.includes(name));
    expect(unknown).toEqual([]);
  });

  it("panels have numbers of their own and do not lie on each other", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

it("dashboards have ids of their own", () => {
  const ids = filesOf("grafana/").map((file) => dashboardSchema.parse(JSON.parse(read(`grafana/${file}`))).uid);
  expect(new Set(ids).size).toBe(ids.length);
});

describe.each(filesOf("alerts/"))("rules %s", (file) => {
  const { groups } = rulesSchema.parse(parse(read(`alerts/${file}`)));
  const rules = groups.flatMap((group) => group.rules);

  it.each(rules)("$alert", ({ expr, annotations }) => {
    expect(queryProblems(expr, metrics())).toEqual([]);
    const used = [...`${annotations.summary} ${annotations.description}`.matchAll(/\$labels\.(\w+)/g)];
    const known = resultLabels(expr, metrics());
    for (const [, label = ""] of used) expect(known).toContain(label);
  });

  it("have names of their own", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe("a query is refused that", () => {
  it.each([
    ["is none", "sum by (zone (x)", "<- here"],
    ["asks for nothing", "vector(0)", "it asks for no metric"],
    ["asks for an unknown metric", "isthmus_nothing", "there is no metric isthmus_nothing"],
    ["asks for a histogram as a whole", "store", "there is no metric store"],
    ["has an unknown label", 'isthmus_zone_online{colour="red"}', "isthmus_zone_online has no label colour"],
    [
      "groups by an unknown label",
      "sum by (colour) (isthmus_zone_online)",
      "nothing that it groups has a label colour",
    ],
    ["takes the rate of a gauge", "rate(isthmus_zone_online[5m])", "isthmus_zone_online is a gauge, which has no rate"],
    [
      "takes no rate of a counter",
      "sum(kds_delta_responses_sent)",
      "kds_delta_responses_sent only grows: ask for its rate",
    ],
    [
      "takes quantiles of a sum",
      "histogram_quantile(0.9, rate(store_sum[5m]))",
      "store_sum has no quantiles: ask for its buckets",
    ],
  ])("%s", (_what, query, problem) => {
    expect(queryProblems(query, metrics()).join("\n")).toContain(problem);
  });
});
