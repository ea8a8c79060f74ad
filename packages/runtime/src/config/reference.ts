/** The table of all settings in docs/configuration.md, made from the schema so that it cannot lie. */
import { leafPaths, loadConfig, variablesOf } from "./load.ts";
import { configSchema, OWN_SETTINGS } from "./schema.ts";

export function settingsTable(): string {
  const loaded = loadConfig({ env: {}, settings: [] });
  if (!loaded.ok) throw new Error("the defaults are invalid");
  const rows = leafPaths(configSchema).map((path) => {
    const own = OWN_SETTINGS.includes(path) ? "ours" : "";
    return `| \`${path}\` | ${show(valueAt(loaded.value.config, path), path)} | \`${variablesOf(path).join("`, `")}\` | ${own} |`;
  });
  return ["| setting | default | variables | |", "|---|---|---|---|", ...rows].join("\n");
}

function valueAt(config: object, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config);
}

/** Durations are held as milliseconds; everything else prints as it is written. */
function show(value: unknown, path: string): string {
  if (Array.isArray(value)) return value.length === 0 ? "(empty)" : value.join(",");
  if (value === "") return "(empty)";
  if (
    typeof value === "number" &&
    /(Backoff|backoff|Delay|Interval|Period|TTL|Time|Timeout|timeout|pollInterval)$/.test(path)
  ) {
    return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
  }
  return String(value);
}
