/** The text format of Prometheus, as far as the checks need it. */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Metrics = ReadonlyMap<string, readonly Sample[]>;

export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, Sample[]>();
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+([-+]?(?:[\d.]+(?:e[-+]?\d+)?|Inf|NaN))(?:\s|$)/i.exec(line);
    if (match === null) continue;
    const [, name = "", labels = "", value = ""] = match;
    const samples = metrics.get(name) ?? [];
    samples.push({ labels: parseLabels(labels), value: Number(value.replace("Inf", "Infinity")) });
    metrics.set(name, samples);
  }
  return metrics;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}
