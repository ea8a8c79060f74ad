/**
 * Answers bootstrap requests: an Envoy configuration, or the status and text that kuma-dp acts upon. 404 without a body makes it
 * try again, any other 4xx ends it with the text, 5xx makes it try again.
 * Source of order, statuses and texts: kuma v2.14.3: pkg/xds/bootstrap/{generator,handler}.go.
 */
import { isIP } from "node:net";
import {
  formatViolations,
  numberOf,
  objectOf,
  objectsOf,
  type Registry,
  type Resource,
  textOf,
  type Violation,
  WORKLOAD_LABEL,
} from "@isthmus/resources";
import { err, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { isProxyType, PROXY_RESOURCES, type ProxyType } from "../node/proxy-id.ts";
import { parseProxyResource } from "../node/proxy-resource.ts";
import { aggregatedMetrics } from "./aggregated-metrics.ts";
import { type BootstrapFacts, type BootstrapSettings, bootstrapDocument } from "./bootstrap-document.ts";
import { type BootstrapRequest, readBootstrapRequest } from "./bootstrap-request.ts";
import { isValidForHost, judgeCa, NOT_A_CA_TEXT, wrongHostText } from "./control-plane-certificate.ts";
import { isTransparentProxyEnabled } from "./node-values.ts";

const TOKEN_REQUIRED =
  "Dataplane Token is required. Generate token using 'kumactl generate dataplane-token > /path/file' and provide it via --dataplane-token-file=/path/file argument to Kuma DP";
const UNKNOWN_SERVICE = "unknown";

export interface BootstrapResponderOptions {
  readonly registry: Registry;
  readonly store: Pick<Store, "get">;
  readonly settings: BootstrapSettings;
  /** Whether proxies of this type have to bring a token. */
  readonly isTokenRequired: (type: ProxyType) => boolean;
  /** Of the data-plane server, PEM, as it is now. */
  readonly certificate: () => string;
  /** What proxies connect to; "": by the host that they asked. */
  readonly xdsHost: string;
  readonly xdsPort: () => number;
  /** The data-plane server is reached by IPv4 alone. Default: by IPv6 as well. */
  readonly listensOnIpv4Only?: boolean;
  /** Addresses of a host name. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** Template of a CoreDNS configuration for proxies of old. */
  readonly corefileTemplate?: Uint8Array;
  /** Services of proxies are named by their workload. */
  readonly isNamedByWorkload: boolean;
}

export interface BootstrapAnswer {
  readonly document: JsonObject;
  /** For kuma-dp itself. */
  readonly sidecar: JsonObject;
}

export interface BootstrapFailure {
  readonly status: 400 | 404 | 422 | 500;
  /** The body; "": none. */
  readonly text: string;
  /** For the log, where the body tells nothing. */
  readonly reason: string;
}

type Answer<T> = Result<T, BootstrapFailure>;

export class BootstrapResponder {
  readonly #options: BootstrapResponderOptions;

  constructor(options: BootstrapResponderOptions) {
    this.#options = options;
  }

  /** @param host of the `Host` header, without a port */
  async answer(body: JsonValue, host: string): Promise<Answer<BootstrapAnswer>> {
    const request = readBootstrapRequest(body);
    if (!request.ok) return failure(400, "", request.error);
    const { xdsHost, settings } = this.#options;
    const type = request.value.proxyType === "" ? "dataplane" : request.value.proxyType;
    const refusal = this.#refusal(request.value, type, host);
    if (refusal !== undefined) return refusal;
    if (!isProxyType(type)) return failure(500, "", `unknown proxy type ${type}`);
    const proxy = this.#proxyOf(request.value, type);
    if (!proxy.ok) return proxy;
    const mesh = this.#options.store.get({ type: "Mesh", mesh: "", name: proxy.value.mesh });
    if (type === "dataplane" && mesh === undefined) return failure(404, "", `mesh ${proxy.value.mesh} does not exist`);
    const ca = this.#caFor(request.value);
    if (!ca.ok) return ca;
    if (request.value.name === "") return failure(500, "", "a proxy without a name");
    const networking = objectOf(proxy.value.spec, "networking");
    const facts: BootstrapFacts = {
      proxyType: type,
      service: this.#serviceOf(type, proxy.value),
      xdsHost: xdsHost === "" ? host : xdsHost,
      xdsPort: this.#options.xdsPort(),
      isHostIpv4Only: await this.#isIpv4Only(xdsHost === "" ? host : xdsHost),
      ca: ca.value,
      resourceAdminPort: numberOf(objectOf(networking, "admin"), "port"),
      isBuiltinGateway: textOf(objectOf(networking, "gateway"), "type") === "BUILTIN",
      isMeshExclusive: textOf(objectOf(mesh?.spec ?? {}, "meshServices"), "mode") === "Exclusive",
    };
    return ok({
      document: bootstrapDocument(request.value, facts, settings),
      sidecar: this.#sidecar(type, proxy.value, mesh),
    });
  }

  #refusal(request: BootstrapRequest, type: string, host: string): Answer<never> | undefined {
    const { isTokenRequired, xdsHost, certificate } = this.#options;
    const hasToken = request.token !== "" || request.tokenPath !== "";
    if (isProxyType(type) && isTokenRequired(type) && !hasToken) return failure(422, TOKEN_REQUIRED);
    if (xdsHost === "" && !isValidForHost(certificate(), host)) return failure(400, wrongHostText(certificate(), host));
    return undefined;
  }

  /** The resource that the proxy brings, or else the stored one. */
  #proxyOf(request: BootstrapRequest, type: ProxyType): Answer<Resource> {
    const { registry, store } = this.#options;
    const typeName = PROXY_RESOURCES[type].resource;
    if (request.resource === "") {
      const stored = store.get({ type: typeName, mesh: request.mesh, name: request.name });
      return stored === undefined ? failure(404, "", `${typeName} ${request.name} does not exist`) : ok(stored);
    }
    const parsed = parseProxyResource(registry, type, request.resource);
    if (!parsed.ok) {
      if (parsed.error.kind === "unreadable") return failure(500, "", parsed.error.reason);
      return failure(422, formatViolations(parsed.error.violations));
    }
    const violations = type === "dataplane" ? this.#dataplaneViolations(request, parsed.value) : [];
    return violations.length > 0 ? failure(422, formatViolations(violations)) : ok(parsed.value);
  }

  #dataplaneViolations({ transparentProxy }: BootstrapRequest, { spec, mesh }: Resource): readonly Violation[] {
    const outbounds = objectsOf(objectOf(spec, "networking"), "outbound");
    if (isTransparentProxyEnabled(transparentProxy) && outbounds.length > 0) {
      return [{ field: "outbound", reason: "should be empty since dataplane is in Transparent Proxying mode" }];
    }
    if (this.#options.store.get({ type: "Mesh", mesh: "", name: mesh }) !== undefined) return [];
    return [{ field: "mesh", reason: `mesh ${JSON.stringify(mesh)} does not exist` }];
  }

  #caFor({ caCert }: BootstrapRequest): Answer<string> {
    const ca = caCert === "" ? this.#options.certificate() : caCert;
    switch (judgeCa(ca)) {
      case "usable":
        return ok(ca);
      case "not a CA":
        return failure(400, NOT_A_CA_TEXT);
      case "unreadable":
        return failure(500, "", "the CA in the request is no PEM certificate");
    }
  }

  /** Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_helpers.go (IdentifyingName). */
  #serviceOf(type: ProxyType, { spec, labels }: Resource): string {
    if (type !== "dataplane") return type;
    const workload = labels[WORKLOAD_LABEL] ?? "";
    if (this.#options.isNamedByWorkload && workload !== "") return workload;
    const networking = objectOf(spec, "networking");
    const tagged = [...objectsOf(networking, "inbound"), objectOf(networking, "gateway")];
    const services = tagged
      .map((part) => textOf(objectOf(part, "tags"), "kuma.io/service"))
      .filter((name) => name !== "");
    return services.sort()[0] ?? UNKNOWN_SERVICE;
  }

  #sidecar(type: ProxyType, proxy: Resource, mesh: Resource | undefined): JsonObject {
    const { corefileTemplate } = this.#options;
    const isDataplane = type === "dataplane";
    return {
      networking: {
        corefileTemplate:
          isDataplane && corefileTemplate !== undefined ? Buffer.from(corefileTemplate).toString("base64") : null,
        address: isDataplane ? textOf(objectOf(proxy.spec, "networking"), "address") : "",
      },
      metrics: { aggregate: isDataplane && mesh !== undefined ? aggregatedMetrics(proxy, mesh) : [] },
    };
  }

  /** Source: kuma v2.14.3: pkg/xds/bootstrap/template_v3.go (dnsLookupFamilyFromXdsHost). */
  async #isIpv4Only(host: string): Promise<boolean> {
    if (isIP(host) !== 0) return false;
    // Envoy asks ::1 first, also where nobody listens there.
    if (host === "localhost") return this.#options.listensOnIpv4Only === true;
    try {
      const addresses = await this.#options.lookup(host);
      return addresses.length > 0 && addresses.every((address) => isIP(address) === 4);
    } catch {
      return false;
    }
  }
}

function failure(status: BootstrapFailure["status"], text: string, reason = text): Answer<never> {
  return err({ status, text, reason });
}
