/** docs/metrics.md: its tables of what there is are made from the running programs, its tables of what is absent are read. */
import type { MetricDescription } from "@isthmus/runtime";

export interface Absence {
  /** A name, or the beginning of names before `*`. */
  readonly metric: string;
  /** It is being built: may be there by now. */
  readonly isAwaited: boolean;
}

interface Listed extends MetricDescription {
  readonly on: string;
}

/** Names of Kuma and of the client libraries, then ours, then those of Node. */
const GROUPS: readonly { readonly marker: string; readonly has: (name: string) => boolean }[] = [
  { marker: "ours", has: (name) => name.startsWith("isthmus_") },
  { marker: "node", has: (name) => name.startsWith("nodejs_") || NODE_PROCESS.includes(name) },
];
/** What Node's client library adds to the names of Go's. */
const NODE_PROCESS = ["process_cpu_system_seconds_total", "process_cpu_user_seconds_total", "process_heap_bytes"];

export const MARKERS = ["kuma", ...GROUPS.map(({ marker }) => marker)];

/** The text of a group, by its marker. */
export function metricTable(
  marker: string,
  programs: { readonly global: readonly MetricDescription[]; readonly zone: readonly MetricDescription[] },
): string {
  const rows = listed(programs).filter(
    ({ name }) => (GROUPS.find(({ has }) => has(name))?.marker ?? "kuma") === marker,
  );
  const lines = rows.map(({ name, type, labels, on, help }) => {
    const shown = labels.length === 0 ? "" : `\`${labels.join("`, `")}\``;
    return `| \`${name}\` | ${type} | ${shown} | ${on} | ${help} |`;
  });
  return ["| metric | type | labels | on | |", "|---|---|---|---|---|", ...lines].join("\n");
}

const markers = (marker: string): readonly string[] => [`<!-- ${marker} -->`, `<!-- /${marker} -->`];

export function between(document: string, marker: string): string {
  const [begin = "", end = ""] = markers(marker);
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`no markers ${marker} in the document`);
  return document.slice(from + begin.length, to).trim();
}

export function withTable(document: string, marker: string, table: string): string {
  const [begin = "", end = ""] = markers(marker);
  const from = document.indexOf(begin) + begin.length;
  return `${document.slice(0, from)}\n${table}\n${document.slice(document.indexOf(end))}`;
}

/** Rows of the sections on what is absent. */
export function absences(document: string): readonly Absence[] {
  const read = (marker: string, isAwaited: boolean): readonly Absence[] =>
    between(document, marker)
      .split("\n")
      .slice(2)
      .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, metric = ""]) => metric))
      .map((metric) => ({ metric, isAwaited }));
  return [...read("absent", false), ...read("awaited", true)];
}

export function isAbout({ metric }: Absence, name: string): boolean {
  return metric.endsWith("*") ? name.startsWith(metric.slice(0, -1)) : metric === name;
}

function listed(programs: Parameters<typeof metricTable>[1]): readonly Listed[] {
  const all = new Map<string, Listed>();
  for (const description of programs.global) all.set(description.name, { ...description, on: "global" });
  for (const description of programs.zone) {
    const other = all.get(description.name);
    all.set(description.name, { ...description, on: other === undefined ? "zone" : "both" });
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
