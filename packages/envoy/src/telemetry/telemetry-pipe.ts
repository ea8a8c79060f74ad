/**
 * Telemetry that goes through the runner: which backends it sends to, and for which signals. The runner takes the rest from its own
 * environment as far as the MeshOpenTelemetryBackend lets it; what it knows of the environment came with the proxy's metadata.
 * Source: kuma v2.14.3: pkg/core/xds/otel_pipe.go, pkg/plugins/policies/core/xds/otel.go.
 */
import { flagOf, objectOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ProxyTraits } from "../proxy-traits.ts";
import { telemetrySocket } from "../sockets.ts";
import type { OtelBackend } from "./otel-backend.ts";

export const TELEMETRY_PATH = "/otel";

export type Signal = "traces" | "logs" | "metrics";

const SIGNALS: readonly Signal[] = ["traces", "logs", "metrics"];
const DISABLED = "Disabled";
const REQUIRED = "Required";
const BLOCKED_BY_POLICY = "EnvDisabledByPolicy";
const MISSING = "RequiredEnvMissing";
const NO_OVERRIDES = "SignalOverridesDisallowed";
const SEVERAL_BACKENDS = "MultipleBackendsForSignal";
const INPUTS = [
  "endpointPresent",
  "protocolPresent",
  "headersPresent",
  "timeoutPresent",
  "compressionPresent",
  "insecurePresent",
  "certificatePresent",
  "clientCertificatePresent",
  "clientKeyPresent",
] as const;

interface EnvPolicy {
  readonly mode: string;
  readonly precedence: string;
  readonly allowSignalOverrides: boolean;
}

/** What the runner may do for a signal, as it reads it; members in Kuma's order. */
interface Plan {
  readonly enabled: true;
  readonly envInputPresent?: true;
  readonly overrideKinds?: readonly string[];
  readonly missingFields?: readonly string[];
  readonly blockedReasons?: readonly string[];
  readonly refreshInterval?: string;
}

interface PipedBackend {
  readonly backend: OtelBackend;
  readonly plans: Map<Signal, Plan>;
}

/** Filled by the features of one translation. */
export class TelemetryPipe {
  readonly #traits: ProxyTraits;
  readonly #backends = new Map<string, PipedBackend>();

  constructor(traits: ProxyTraits) {
    this.#traits = traits;
  }

  /** The socket that takes the signal for the backend. `refreshInterval`: as Go writes durations. */
  add(backend: OtelBackend, signal: Signal, refreshInterval = ""): string {
    const plans = this.#backends.get(backend.name)?.plans ?? new Map<Signal, Plan>();
    plans.set(signal, planOf(backend, signal, refreshInterval, this.#traits.telemetryEnvironment));
    this.#backends.set(backend.name, { backend, plans });
    return telemetrySocket(this.#traits.workDir, backend.name);
  }

  /** JSON for the runner; undefined: nothing goes through it. */
  document(): string | undefined {
    if (this.#backends.size === 0) return undefined;
    const backends = [...this.#backends].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, piped]) => this.#entry(piped));
    return JSON.stringify({ backends });
  }

  #entry({ backend: { name, collector, env }, plans }: PipedBackend): object {
    const policy = envPolicyOf(env);
    const { address, port, isHttp, isHttps, basePath } = collector;
    return {
      name,
      socketPath: telemetrySocket(this.#traits.workDir, name),
      endpoint: address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
      useHTTP: isHttp,
      ...(isHttps ? { useHTTPS: true } : {}),
      ...(basePath === "" ? {} : { path: basePath }),
      ...(policy === undefined ? {} : { envPolicy: jsonOfPolicy(policy) }),
      ...Object.fromEntries(
        SIGNALS.flatMap((signal) => {
          const plan = plans.get(signal);
          return plan === undefined ? [] : [[signal, this.#withRivals(signal, plan, policy)]];
        }),
      ),
    };
  }

  /** The environment speaks of one backend for each signal: with several it cannot be known which. */
  #withRivals(signal: Signal, plan: Plan, policy: EnvPolicy | undefined): Plan {
    const rivals = [...this.#backends.values()].filter(({ plans }) => plans.has(signal)).length;
    if (rivals < 2 || plan.envInputPresent !== true || policy?.mode === DISABLED) return plan;
    const { refreshInterval, ...rest } = plan;
    return {
      ...rest,
      blockedReasons: [...(plan.blockedReasons ?? []), SEVERAL_BACKENDS],
      ...(refreshInterval === undefined ? {} : { refreshInterval }),
    };
  }
}

function planOf(
  { env }: OtelBackend,
  signal: Signal,
  refreshInterval: string,
  environment: JsonObject | undefined,
): Plan {
  const { mode, allowSignalOverrides } = envPolicyOf(env) ?? DEFAULT_POLICY;
  const own = objectOf(environment ?? {}, signal);
  const hasInput = hasAnyInput(own) || hasAnyInput(objectOf(environment ?? {}, "shared"));
  const overrides = textsOf(own, "overrideKinds");
  const missing = mode === REQUIRED ? missingFields(environment ?? {}, signal) : [];
  const blocked = [
    ...(mode === DISABLED && hasInput ? [BLOCKED_BY_POLICY] : []),
    ...(mode === REQUIRED && (!hasInput || missing.length > 0) ? [MISSING] : []),
    ...(overrides.length > 0 && !allowSignalOverrides ? [NO_OVERRIDES] : []),
  ];
  return {
    enabled: true,
    ...(hasInput ? { envInputPresent: true as const } : {}),
    ...(overrides.length === 0 ? {} : { overrideKinds: overrides }),
    ...(missing.length === 0 ? {} : { missingFields: missing }),
    ...(blocked.length === 0 ? {} : { blockedReasons: blocked }),
    ...(refreshInterval === "" ? {} : { refreshInterval }),
  };
}

const DEFAULT_POLICY: EnvPolicy = { mode: "Optional", precedence: "EnvFirst", allowSignalOverrides: true };

function envPolicyOf(env: JsonObject | undefined): EnvPolicy | undefined {
  if (env === undefined) return undefined;
  return {
    mode: textOf(env, "mode") || DEFAULT_POLICY.mode,
    precedence: textOf(env, "precedence") || DEFAULT_POLICY.precedence,
    allowSignalOverrides: env.allowSignalOverrides !== false,
  };
}

/** As Go leaves out what is false. */
function jsonOfPolicy({ mode, precedence, allowSignalOverrides }: EnvPolicy): object {
  return { mode, precedence, ...(allowSignalOverrides ? { allowSignalOverrides } : {}) };
}

function hasAnyInput(inventory: JsonObject): boolean {
  return INPUTS.some((input) => flagOf(inventory, input)) || textsOf(inventory, "overrideKinds").length > 0;
}

/** Out of complaints such as `shared.endpoint`. */
function missingFields(environment: JsonObject, signal: Signal): readonly string[] {
  const fields = textsOf(environment, "validationErrors").flatMap((complaint) => {
    const dot = complaint.indexOf(".");
    const scope = complaint.slice(0, Math.max(dot, 0));
    if (scope !== "shared" && scope !== signal) return [];
    const field = complaint.slice(dot + 1);
    return field === "mtls" ? ["client_certificate", "client_key"] : [field.trim().replace(/[- ]/g, "_")];
  });
  return [...new Set(fields)].filter((field) => field !== "");
}
