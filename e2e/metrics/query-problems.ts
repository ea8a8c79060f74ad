/** Whether a query can ever show something: its metrics exist, have the labels that it asks for, and are of the kind that it needs. */
import type { MetricDescription } from "@isthmus/runtime";
import { parseQuery, type Selector } from "./promql.ts";

/** Of Prometheus itself. */
const BUILTIN: ReadonlyMap<string, MetricDescription> = new Map([
  ["up", { name: "up", type: "gauge", labels: [], help: "Whether a target answered" }],
]);
/** Every series has them: those of the target, and that of the program. */
const TARGET_LABELS = ["job", "instance", "zone"];
const PARTS = /_(bucket|sum|count)$/;

export type Metrics = ReadonlyMap<string, MetricDescription>;

export function queryProblems(query: string, metrics: Metrics): readonly string[] {
  const { errors, selectors, groupings } = parseQuery(query);
  if (errors.length > 0) return errors;
  if (selectors.length === 0) return ["it asks for no metric"];
  return [
    ...selectors.flatMap((selector) => selectorProblems(selector, metrics)),
    ...groupings.flatMap(({ labels, selectors: of }) => {
      const known = of.flatMap((selector) => labelsOf(selector, metrics) ?? []);
      return labels
        .filter((label) => !known.includes(label))
        .map((label) => `nothing that it groups has a label ${label}`);
    }),
  ];
}

/** Labels that the result of a query may have: those of its metrics. */
export function resultLabels(query: string, metrics: Metrics): readonly string[] {
  return parseQuery(query).selectors.flatMap((selector) => labelsOf(selector, metrics) ?? []);
}

export function describedBy(name: string, metrics: Metrics): MetricDescription | undefined {
  const exact = metrics.get(name) ?? BUILTIN.get(name);
  if (exact !== undefined) return exact.type === "histogram" ? undefined : exact;
  const histogram = PARTS.test(name) ? metrics.get(name.replace(PARTS, "")) : undefined;
  return histogram?.type === "histogram" ? histogram : undefined;
}

function labelsOf({ metric }: Selector, metrics: Metrics): readonly string[] | undefined {
  const described = describedBy(metric, metrics);
  if (described === undefined) return undefined;
  return [...described.labels, ...TARGET_LABELS, ...(metric.endsWith("_bucket") ? ["le"] : [])];
}

function selectorProblems(selector: Selector, metrics: Metrics): readonly string[] {
  const { metric, labels, isRate, isQuantile } = selector;
  const described = describedBy(metric, metrics);
  const known = labelsOf(selector, metrics);
  if (described === undefined || known === undefined) return [`there is no metric ${metric}`];
  const problems = labels.filter((label) => !known.includes(label)).map((label) => `${metric} has no label ${label}`);
  const grows = described.type === "counter" || (described.type === "histogram" && PARTS.test(metric));
  if (isRate && !grows) problems.push(`${metric} is a ${described.type}, which has no rate`);
  if (!isRate && grows) problems.push(`${metric} only grows: ask for its rate`);
  if (isQuantile && !metric.endsWith("_bucket")) problems.push(`${metric} has no quantiles: ask for its buckets`);
  return problems;
}
