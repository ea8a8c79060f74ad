/** Metrics by name, as a text in Prometheus' format has them. */
export interface Family {
  readonly type: string;
  /** Of all series, without `le` and `quantile`. */
  readonly labels: ReadonlySet<string>;
}

export type Families = ReadonlyMap<string, Family>;

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /;

export function parseFamilies(text: string): Families {
  const families = new Map<string, { readonly type: string; readonly labels: Set<string> }>();
  for (const line of text.split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) families.set(name, { type, labels: new Set() });
    const [, sample = "", labels = ""] = line.startsWith("#") ? [] : (SAMPLE.exec(line) ?? []);
    const family = families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) {
      if (label !== "le" && label !== "quantile") family?.labels.add(label);
    }
  }
  return families;
}

/** Recorded families of Kuma: name, type and labels, but for `zone`, which all have. */
export function readFamilies(tsv: string): Families {
  const rows = tsv
    .split("\n")
    .slice(1)
    .filter((line) => line !== "");
  return new Map(
    rows.map((line) => {
      const [name = "", type = "", labels = ""] = line.split("\t");
      return [name, { type, labels: new Set(labels.split(",").filter((label) => label !== "")) }];
    }),
  );
}
