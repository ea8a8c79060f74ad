/** The text format of Prometheus, read as far as families have to be told apart, chosen and labelled. Values stay the texts that they are. */

export interface MetricSample {
  /** That of the family, or with `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  /** Values as they are written, escaped. */
  readonly labels: ReadonlyMap<string, string>;
  /** Value and, if there is one, timestamp. */
  readonly value: string;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string | undefined;
  /** "untyped" where nothing is said. */
  readonly type: string;
  readonly samples: readonly MetricSample[];
}

const UNTYPED = "untyped";
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /\s*(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?<value>(?:[^"\\]|\\.)*)"\s*,?\s*/y;
const SUFFIX = /_(?:bucket|sum|count)$/;
const SUFFIXED_TYPES: readonly string[] = ["histogram", "summary"];

/** Lines that are no metrics are left out, those of one family brought together. */
export function parseMetrics(text: string): readonly MetricFamily[] {
  const families = new Map<string, { help: string | undefined; type: string; samples: MetricSample[] }>();
  const familyOf = (name: string) => {
    const known = families.get(name) ?? { help: undefined, type: UNTYPED, samples: [] };
    families.set(name, known);
    return known;
  };
  for (const line of text.split("\n")) {
    const comment = /^#\s+(?<kind>HELP|TYPE)\s+(?<name>\S+)\s*(?<rest>.*)$/.exec(line)?.groups;
    if (comment?.["kind"] === "TYPE") familyOf(comment["name"] ?? "").type = (comment["rest"] ?? "").trim() || UNTYPED;
    else if (comment !== undefined) familyOf(comment["name"] ?? "").help = comment["rest"] ?? "";
    if (line.startsWith("#")) continue;
    const sample = parseSample(line.trim());
    if (sample === undefined) continue;
    const base = sample.name.replace(SUFFIX, "");
    const isPart = SUFFIXED_TYPES.includes(families.get(base)?.type ?? "");
    familyOf(isPart ? base : sample.name).samples.push(sample);
  }
  return [...families].filter(([, { samples }]) => samples.length > 0).map(([name, family]) => ({ name, ...family }));
}

export function renderMetrics(families: Iterable<MetricFamily>): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    if (help !== undefined) lines.push(`# HELP ${name} ${help}`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const sample of samples) {
      const labels = [...sample.labels].map(([label, value]) => `${label}="${value}"`).join(",");
      lines.push(`${sample.name}${labels === "" ? "" : `{${labels}}`} ${sample.value}`);
    }
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Families of one name become one; of another type than the first, a later one is left out, since it would spoil the whole answer. */
export function mergeFamilies(lists: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const family of lists.flat()) {
    const known = merged.get(family.name);
    if (known === undefined) merged.set(family.name, family);
    else if (known.type === family.type) {
      merged.set(family.name, { ...known, samples: [...known.samples, ...family.samples] });
    }
  }
  return [...merged.values()];
}

/** Labels that every sample gets, in place of its own of these names. */
export function withLabels(family: MetricFamily, labels: ReadonlyMap<string, string>): MetricFamily {
  if (labels.size === 0) return family;
  return {
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, labels: new Map([...sample.labels, ...labels]) })),
  };
}

export const escapeLabelValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

export const labelName = (text: string): string => text.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");

function parseSample(line: string): MetricSample | undefined {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) return undefined;
  const labels = new Map<string, string>();
  let end = name.length;
  if (line[end] === "{") {
    end += 1;
    LABEL.lastIndex = end;
    for (let label = LABEL.exec(line)?.groups; label !== undefined; label = LABEL.exec(line)?.groups) {
      end = LABEL.lastIndex;
      labels.set(label["name"] ?? "", label["value"] ?? "");
    }
    if (line[end] !== "}") return undefined;
    end += 1;
  }
  const value = line.slice(end).trim();
  return /^[-+0-9NI]/.test(value) ? { name, labels, value } : undefined;
}
