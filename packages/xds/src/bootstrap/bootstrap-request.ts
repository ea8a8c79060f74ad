/**
 * What kuma-dp asks for before it starts Envoy. Source: kuma v2.14.3: pkg/xds/bootstrap/types/bootstrap_request.go.
 * Absent members have the zero value of their type; a member of another type makes the request unreadable, as in Go.
 */
import { err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";

export interface BootstrapRequest {
  readonly mesh: string;
  readonly name: string;
  /** "" counts as dataplane. */
  readonly proxyType: string;
  readonly token: string;
  readonly tokenPath: string;
  /** Text of the resource that the proxy brings; "": it was made by somebody else. */
  readonly resource: string;
  readonly version: JsonObject;
  /** PEM; "": the certificate of the control plane itself. */
  readonly caCert: string;
  readonly dynamicMetadata: JsonObject;
  readonly otelEnv: JsonObject | undefined;
  readonly dnsPort: number;
  readonly readinessPort: number;
  /** Its key on the wire says the contrary, for historical reasons, and has to. */
  readonly isAppProbeProxyEnabled: boolean;
  readonly features: readonly string[];
  readonly maxHeapSizeBytes: number;
  readonly workdir: string;
  readonly metricsCertPath: string;
  readonly metricsKeyPath: string;
  readonly systemCaPath: string;
  readonly transparentProxy: JsonObject | undefined;
  readonly ipv6Enabled: boolean;
  readonly spireSocketPath: string;
}

export function readBootstrapRequest(json: JsonValue): Result<BootstrapRequest, string> {
  if (!isJsonObject(json)) return err("a bootstrap request is a JSON object");
  const read = new MemberReader();
  const resources = read.object(json, "resources") ?? {};
  const metrics = read.object(json, "metricsResources") ?? {};
  const spire = read.object(json, "spireResources") ?? {};
  const request: BootstrapRequest = {
    mesh: read.text(json, "mesh"),
    name: read.text(json, "name"),
    proxyType: read.text(json, "proxyType"),
    token: read.text(json, "dataplaneToken"),
    tokenPath: read.text(json, "dataplaneTokenPath"),
    resource: read.text(json, "dataplaneResource"),
    version: read.object(json, "version") ?? {},
    caCert: read.text(json, "caCert"),
    dynamicMetadata: read.object(json, "dynamicMetadata") ?? {},
    otelEnv: read.object(json, "otelEnv"),
    dnsPort: read.number(json, "dnsPort"),
    readinessPort: read.number(json, "readinessPort"),
    isAppProbeProxyEnabled: read.flag(json, "appProbeProxyDisabled"),
    features: read.texts(json, "features"),
    maxHeapSizeBytes: read.number(resources, "maxHeapSizeBytes"),
    workdir: read.text(json, "workdir"),
    metricsCertPath: read.text(metrics, "certPath"),
    metricsKeyPath: read.text(metrics, "keyPath"),
    systemCaPath: read.text(json, "systemCaPath"),
    transparentProxy: read.object(json, "dataplaneConfig"),
    ipv6Enabled: read.flag(json, "ipv6Enabled"),
    spireSocketPath: read.text(spire, "socketPath"),
  };
  return read.problem === undefined ? ok(request) : err(read.problem);
}

class MemberReader {
  problem: string | undefined;

  text(object: JsonObject, name: string): string {
    const value = object[name] ?? "";
    return typeof value === "string" ? value : this.#wrong(name, "");
  }

  number(object: JsonObject, name: string): number {
    const value = object[name] ?? 0;
    return typeof value === "number" && value >= 0 && Number.isInteger(value) ? value : this.#wrong(name, 0);
  }

  flag(object: JsonObject, name: string): boolean {
    const value = object[name] ?? false;
    return typeof value === "boolean" ? value : this.#wrong(name, false);
  }

  object(object: JsonObject, name: string): JsonObject | undefined {
    const value = object[name] ?? undefined;
    return value === undefined || isJsonObject(value) ? value : this.#wrong(name, undefined);
  }

  texts(object: JsonObject, name: string): readonly string[] {
    const value = object[name] ?? [];
    const isList = Array.isArray(value) && value.every((element) => typeof element === "string");
    return isList ? value : this.#wrong(name, []);
  }

  #wrong<T>(name: string, instead: T): T {
    this.problem ??= `${name} has the wrong type`;
    return instead;
  }
}
