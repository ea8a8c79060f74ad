/**
 * Configuration from defaults, file, environment and flags, later ones winning. Every problem is reported at once, each
 * with the setting, where the value came from, and why it is wrong. Unknown keys are warnings: a newer file must not keep
 * an older program from starting.
 */
import { err, isJsonObject, ok, type Result } from "@isthmus/std";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { crossChecks } from "./cross-checks.ts";
import { type Config, configSchema, OWN_SETTINGS } from "./schema.ts";

export interface ConfigSources {
  readonly file?: { readonly name: string; readonly text: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `path=value` pairs of the command line. */
  readonly settings: readonly string[];
}

export interface ConfigProblem {
  readonly setting: string;
  /** The file, variable or flag that gave the value, or "default". */
  readonly source: string;
  readonly reason: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Where Kuma's variable is not made from its key: beginnings, and what stands for them. */
const IRREGULAR_VARIABLES: readonly (readonly [string, string])[] = [
  ["ACCESS_STATIC_VIEW_CONFIG_DUMP_", "KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_"],
  ["DP_SERVER_HDS_CHECK_DEFAULTS_", "KUMA_DP_SERVER_HDS_CHECK_"],
];

type Mutable = { [key: string]: unknown };

export function loadConfig(sources: ConfigSources): Result<LoadedConfig, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const origins = new Map<string, string>();
  const merged: Mutable = {};
  const known = leafPaths(configSchema);

  if (sources.file) mergeFile(sources.file);
  for (const path of known) {
    for (const variable of variablesOf(path)) {
      const value = sources.env[variable];
      if (value !== undefined) set(path, value, variable);
    }
  }
  for (const pair of sources.settings) {
    const separator = pair.indexOf("=");
    const path = separator < 0 ? pair : pair.slice(0, separator);
    if (separator < 0) problems.push({ setting: path, source: "--set", reason: "expected PATH=VALUE" });
    else if (!known.includes(path)) problems.push({ setting: path, source: "--set", reason: "unknown setting" });
    else set(path, pair.slice(separator + 1), "--set");
  }

  // Read once: to compile the schema for it would take longer.
  const parsed = configSchema.safeParse(merged, { jitless: true });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const setting = issue.path.join(".");
      problems.push({ setting, source: origins.get(setting) ?? originOfParent(setting), reason: issue.message });
    }
  } else {
    for (const { setting, reason } of crossChecks(parsed.data)) {
      problems.push({ setting, source: origins.get(setting) ?? "default", reason });
    }
  }
  if (problems.length > 0) return err(problems);
  return parsed.success ? ok({ config: parsed.data, warnings }) : err(problems);

  function mergeFile(file: { readonly name: string; readonly text: string }): void {
    const document = parseDocument(file.text);
    for (const error of document.errors) {
      problems.push({ setting: "", source: file.name, reason: error.message.split("\n")[0] ?? error.message });
    }
    if (document.errors.length > 0) return;
    const content: unknown = document.toJS();
    if (content === null || content === undefined) return;
    if (!isJsonObject(content)) {
      problems.push({ setting: "", source: file.name, reason: "has to be a mapping of settings" });
      return;
    }
    walk(content, "", file.name);
  }

  function walk(value: unknown, path: string, source: string): void {
    // As in Kuma, whose own file of defaults has many keys without a value: they say nothing.
    if (value === null && known.some((leaf) => leaf === path || leaf.startsWith(`${path}.`))) return;
    if (known.includes(path)) set(path, value, source);
    else if (isJsonObject(value) && (path === "" || known.some((leaf) => leaf.startsWith(`${path}.`)))) {
      for (const [key, member] of Object.entries(value)) walk(member, path === "" ? key : `${path}.${key}`, source);
    } else if (known.some((leaf) => leaf.startsWith(`${path}.`))) {
      problems.push({ setting: path, source, reason: "has to be a mapping of settings" });
    } else warnings.push(`${source}: unknown setting ${path} is ignored`);
  }

  function set(path: string, value: unknown, source: string): void {
    const keys = path.split(".");
    const last = keys.pop();
    if (last === undefined) return;
    let target = merged;
    for (const key of keys) {
      const next = target[key];
      const section: Mutable = isJsonObject(next) ? { ...next } : {};
      target[key] = section;
      target = section;
    }
    target[last] = value;
    origins.set(path, source);
  }

  function originOfParent(setting: string): string {
    for (const [path, source] of origins) if (path.startsWith(`${setting}.`)) return source;
    return "default";
  }
}

/** `KUMA_MULTIZONE_ZONE_NAME` and `ISTHMUS_MULTIZONE_ZONE_NAME`; the second wins. */
export function variablesOf(path: string): readonly string[] {
  const snake = path
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(".", "_")
    .toUpperCase();
  const own = `ISTHMUS_${snake}`;
  const kuma = IRREGULAR_VARIABLES.find(([prefix]) => snake.startsWith(prefix));
  if (kuma !== undefined) return [snake.replace(...kuma), own];
  return OWN_SETTINGS.includes(path) ? [own] : [`KUMA_${snake}`, own];
}

export function leafPaths(schema: z.ZodType, prefix = ""): string[] {
  const unwrapped = unwrapToObject(schema);
  if (!unwrapped) return [prefix];
  return Object.entries(unwrapped.shape).flatMap(([key, child]) =>
    leafPaths(child as z.ZodType, prefix === "" ? key : `${prefix}.${key}`),
  );
}

export function formatProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map((p) => `  ${p.setting === "" ? "configuration" : p.setting}: ${p.reason} (from ${p.source})`)
    .join("\n");
}

export function unwrapToObject(schema: z.ZodType): z.ZodObject | undefined {
  const definition = schema.def as { type: string; innerType?: z.ZodType };
  if (definition.type === "object") return schema as z.ZodObject;
  if (definition.type === "prefault" && definition.innerType) return unwrapToObject(definition.innerType);
  return undefined;
}
