/** Settings of one run, from flags, variables and defaults, the former winning. Whatever is wrong is said at once. */
import { goDurationToMs, parseGoDuration } from "@isthmus/std";
import { nameProblem } from "./name-problem.ts";
import { DP_OPTIONS, type DpOptionKey, variablesOf } from "./options.ts";

export const PROXY_TYPES = ["dataplane", "ingress", "egress"] as const;
export type DpProxyType = (typeof PROXY_TYPES)[number];
const LOG_LEVELS = ["debug", "info", "warn", "error", "off"] as const;
const XDS_VARIANTS = ["", "GRPC", "DELTA_GRPC"] as const;
/** Envoy's names of the levels that are spelt otherwise, or not there. */
const ENVOY_LEVELS = ["trace", "debug", "info", "warning", "warn", "error", "critical", "off"] as const;

export interface DpSettings {
  /** Of the data-plane server, without a path. */
  readonly controlPlane: URL;
  /** PEM; "": see `caCertFile`. */
  readonly caCert: string;
  readonly caCertFile: string;
  readonly isVerificationSkipped: boolean;
  readonly retryBackoffMs: number;
  readonly retryMaxMs: number;
  readonly proxyType: DpProxyType;
  readonly name: string;
  readonly mesh: string;
  /** Template of the resource; "": see `resourceFile`. */
  readonly resource: string;
  readonly resourceFile: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly token: string;
  readonly tokenFile: string;
  readonly binaryPath: string;
  /** "": a temporary folder. */
  readonly workDir: string;
  readonly drainTimeMs: number;
  readonly readinessPort: number;
  readonly concurrency: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly envoyLogLevel: string;
  readonly envoyComponentLogLevel: string;
  readonly metricsCertPath: string;
  readonly metricsKeyPath: string;
  readonly bindsOutbounds: boolean;
  readonly maxMemoryBytes: number;
  readonly systemCaPath: string;
  readonly refreshIntervalMs: number;
  readonly isDelta: boolean;
  readonly isTransparent: boolean;
  /** Files of its settings; with any of them the proxy is transparent. */
  readonly transparentProxyFiles: readonly string[];
  readonly isDnsEnabled: boolean;
  readonly dnsPort: number;
  readonly hasUnifiedNames: boolean;
  readonly isIpv6Wanted: boolean;
  readonly hasStrictInboundPorts: boolean;
  readonly reusesPorts: boolean;
}

export interface SettingSources {
  /** By key of `DP_OPTIONS`; true: a switch without a value. */
  readonly flags: Readonly<Partial<Record<DpOptionKey, string | boolean | undefined>>>;
  /** `name=value` pairs of `--dataplane-var`. */
  readonly variables: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Problems are whole lines, each with the flag or variable that gave the value; the settings have defaults in place of what is wrong. */
export function readSettings(sources: SettingSources): {
  readonly settings: DpSettings;
  readonly problems: readonly string[];
} {
  const read = new SettingReader(sources);
  const logLevel = read.choice("logLevel", LOG_LEVELS);
  const variables = read.pairs();
  const settings: DpSettings = {
    controlPlane: read.url("cpAddress"),
    caCert: read.text("caCert"),
    caCertFile: read.text("caCertFile"),
    isVerificationSkipped: read.flag("skipVerify"),
    retryBackoffMs: read.duration("retryBackoff", 1),
    retryMaxMs: read.duration("retryMaxDuration", 1),
    proxyType: read.choice("proxyType", PROXY_TYPES),
    name: read.text("name"),
    mesh: read.text("mesh"),
    resource: read.text("dataplane"),
    resourceFile: read.text("dataplaneFile"),
    variables,
    token: read.text("token").trim(),
    tokenFile: read.text("tokenFile"),
    binaryPath: read.text("binaryPath"),
    workDir: read.text("workDir") || read.text("configDir"),
    drainTimeMs: read.duration("drainTime", 0),
    readinessPort: read.integer("readinessPort", 65_535),
    concurrency: read.integer("concurrency", 1_024),
    logLevel,
    envoyLogLevel: read.choice("envoyLogLevel", ["", ...ENVOY_LEVELS]) || logLevel,
    envoyComponentLogLevel: read.text("envoyComponentLogLevel"),
    metricsCertPath: read.text("metricsCertPath"),
    metricsKeyPath: read.text("metricsKeyPath"),
    bindsOutbounds: read.flag("bindOutbounds"),
    maxMemoryBytes: read.integer("maxMemoryBytes", Number.MAX_SAFE_INTEGER),
    systemCaPath: read.text("systemCaPath"),
    refreshIntervalMs: read.duration("refreshInterval", 1),
    isDelta: read.choice("xdsVariant", XDS_VARIANTS) === "DELTA_GRPC",
    isTransparent: read.flag("transparentProxy"),
    transparentProxyFiles: read.list("transparentProxyConfig"),
    isDnsEnabled: read.flag("dnsEnabled"),
    // kuma-dp's 0 is for another way to answer names, which is not ours.
    dnsPort: read.integer("dnsProxyPort", 65_535) || Number(DP_OPTIONS.dnsProxyPort.fallback),
    hasUnifiedNames: read.flag("unifiedNaming"),
    isIpv6Wanted: read.flag("ipv6"),
    hasStrictInboundPorts: read.flag("strictInboundPorts"),
    reusesPorts: read.flag("reusePort"),
  };
  checkWho(settings, read);
  return { settings, problems: read.problems };
}

/** A proxy is known by its resource, or by the name of one that the control plane has. */
function checkWho(settings: DpSettings, read: SettingReader): void {
  const { resource, resourceFile, name, mesh, proxyType, token, tokenFile } = settings;
  const hasResource = resource !== "" || resourceFile !== "";
  if (resource !== "" && resourceFile !== "") read.problem("dataplane", "given together with --dataplane-file");
  if (token !== "" && tokenFile !== "") read.problem("token", "given together with --dataplane-token-file");
  if (hasResource && (name !== "" || mesh !== "")) {
    read.problem(name === "" ? "mesh" : "name", "the resource that is given has a name and a mesh of its own");
  }
  for (const [key, text] of [
    ["name", name],
    ["mesh", mesh],
  ] as const) {
    const wrong = text === "" ? undefined : nameProblem(text);
    if (wrong !== undefined) read.problem(key, wrong);
  }
  if (!hasResource && name === "") read.problem("name", "missing: give a name, or a resource with --dataplane-file");
  if (!hasResource && mesh === "" && proxyType === "dataplane") read.problem("mesh", "missing beside --name");
}

class SettingReader {
  readonly problems: string[] = [];
  readonly #sources: SettingSources;

  constructor(sources: SettingSources) {
    this.#sources = sources;
  }

  problem(key: DpOptionKey, reason: string): void {
    this.problems.push(`${this.#sourceOf(key)}: ${reason}`);
  }

  text(key: DpOptionKey): string {
    return this.#value(key).text;
  }

  /** Separated by commas. */
  list(key: DpOptionKey): readonly string[] {
    return this.text(key)
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  flag(key: DpOptionKey): boolean {
    const text = this.text(key);
    if (/^(?:true|1)$/i.test(text)) return true;
    if (!/^(?:false|0)$/i.test(text)) this.problem(key, `${JSON.stringify(text)} is neither true nor false`);
    return false;
  }

  integer(key: DpOptionKey, max: number): number {
    const text = this.text(key);
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value <= max) return value;
    this.problem(key, `${JSON.stringify(text)} is no whole number from 0 to ${max}`);
    return 0;
  }

  /** Milliseconds. */
  duration(key: DpOptionKey, minMs: number): number {
    const parsed = parseGoDuration(this.text(key));
    const ms = parsed.ok ? goDurationToMs(parsed.value) : Number.NaN;
    if (ms >= minMs) return ms;
    this.problem(key, parsed.ok ? "a longer time is needed" : `${parsed.error}, such as 30s or 1m30s`);
    return minMs;
  }

  choice<T extends string>(key: DpOptionKey, choices: readonly T[]): T {
    const text = this.text(key);
    const choice = choices.find((each) => each === text);
    if (choice !== undefined) return choice;
    const named = choices.filter((each) => each !== "").join(", ");
    this.problem(key, `${JSON.stringify(text)} is none of ${named}`);
    return choices[0] as T;
  }

  url(key: DpOptionKey): URL {
    const text = this.text(key);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === "http:" || url?.protocol === "https:") return url;
    this.problem(key, `${JSON.stringify(text)} is no address that begins with http:// or https://`);
    return new URL(DP_OPTIONS[key].fallback);
  }

  pairs(): ReadonlyMap<string, string> {
    const pairs = new Map<string, string>();
    for (const pair of this.#sources.variables) {
      const separator = pair.indexOf("=");
      if (separator > 0) pairs.set(pair.slice(0, separator), pair.slice(separator + 1));
      else this.problems.push(`--dataplane-var ${pair}: expected name=value`);
    }
    return pairs;
  }

  #sourceOf(key: DpOptionKey): string {
    const { variable } = this.#value(key);
    if (variable !== undefined) return variable;
    const option = DP_OPTIONS[key];
    return option.hasFlag ? `--${option.name}` : option.name;
  }

  /** `variable`: that gave the value, if one did. */
  #value(key: DpOptionKey): { readonly text: string; readonly variable?: string } {
    const { flags, env } = this.#sources;
    const flag = flags[key];
    if (flag !== undefined) return { text: String(flag) };
    const option = DP_OPTIONS[key];
    const variable = variablesOf(option).findLast((each) => (env[each] ?? "") !== "");
    return variable === undefined ? { text: option.fallback } : { text: env[variable] ?? "", variable };
  }
}
