/**
 * Who may connect, and the resources that proxies bring themselves: stored before the proxy is served, deleted some time after its last
 * stream is over. Source: kuma v2.14.3: pkg/xds/server/callbacks/dataplane_lifecycle.go, pkg/xds/auth.
 */
import { GrpcCode, type GrpcStatus } from "@isthmus/grpc-kit";
import type { ResourceManager } from "@isthmus/manager";
import {
  formatViolations,
  parseResourceFile,
  type Registry,
  type Resource,
  type ResourceKey,
  type TypeDescriptor,
} from "@isthmus/resources";
import { type Clock, err, errorMessage, ok, type Result, type TimerHandle } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { PROXY_RESOURCES, type ProxyAdmission, type ProxyCandidate, proxyKey } from "@isthmus/xds";
import type { LostProxies } from "../lost-proxies/lost-proxies.ts";
import type { ProxyTokens } from "./proxy-tokens.ts";
import { TokenWatch } from "./token-watch.ts";

export interface ProxyRegistrationOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly manager: ResourceManager;
  readonly clock: Clock;
  readonly tokens: ProxyTokens;
  /** From the end of the last stream of a proxy to the deletion of the resource that it brought. */
  readonly deregistrationDelayMs: number;
  /** Undefined: nobody looks for those whose streams are over. */
  readonly lost?: Pick<LostProxies, "served" | "returning" | "lost" | "stop"> | undefined;
  readonly onEvent: (event: RegistrationEvent) => void;
}

export type RegistrationEvent =
  | { readonly kind: "registered" | "deregistered"; readonly key: ResourceKey }
  | { readonly kind: "failed"; readonly key: ResourceKey; readonly reason: string };

export class ProxyRegistration implements ProxyAdmission {
  readonly #options: ProxyRegistrationOptions;
  /** What they bring. */
  readonly #admitted = new WeakMap<ProxyCandidate, Resource>();
  readonly #leaving = new Map<string, TimerHandle>();
  readonly #tokenWatch: TokenWatch;
  #isStopped = false;

  constructor(options: ProxyRegistrationOptions) {
    this.#options = options;
    this.#tokenWatch = new TokenWatch(options);
  }

  async admit(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    const key = keyOf(candidate.id);
    const brought = this.#brought(candidate, key);
    if (!brought.ok) return err(invalid(brought.error));
    const allowed = await this.#checked(candidate, key, brought.value ?? this.#options.store.get(key));
    if (allowed.ok && brought.value !== undefined) this.#admitted.set(candidate, brought.value);
    return allowed;
  }

  async register(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    const { lost } = this.#options;
    const isLeaving = this.#stays(proxyKey(candidate.id));
    lost?.returning(candidate.id);
    const brought = this.#admitted.get(candidate);
    if (brought === undefined) {
      lost?.served(candidate);
      return ok(undefined);
    }
    const { descriptor, key } = this.#resourceOf(candidate);
    const written = await this.#options.manager.put(descriptor, key, brought);
    if (!written.ok) {
      if (isLeaving) this.released(candidate, false);
      return err(invalid(describeWrite(written.error)));
    }
    this.#options.onEvent({ kind: "registered", key });
    lost?.served(candidate);
    return ok(undefined);
  }

  /** A proxy opens its streams at once: what it brings may not be stored yet. */
  async authenticate(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    const key = keyOf(candidate.id);
    const stored = this.#options.store.get(key);
    if (stored !== undefined) return this.#checked(candidate, key, stored);
    const brought = this.#brought(candidate, key);
    return brought.ok ? this.#checked(candidate, key, brought.value) : err(invalid(brought.error));
  }

  watch(candidate: ProxyCandidate, end: (status: GrpcStatus) => void): () => void {
    return this.#tokenWatch.watch(candidate, end);
  }

  released(candidate: ProxyCandidate, isReplaced: boolean): void {
    if (isReplaced || this.#isStopped) return;
    const { id, metadata } = candidate;
    this.#options.lost?.lost(candidate);
    if (metadata.resource === undefined) return;
    const name = proxyKey(id);
    this.#stays(name);
    const timer = this.#options.clock.setTimeout(() => {
      this.#leaving.delete(name);
      void this.#deregister(keyOf(id));
    }, this.#options.deregistrationDelayMs);
    this.#leaving.set(name, timer);
  }

  /** Does not wait any longer for a proxy that is leaving. */
  gone({ id }: ProxyCandidate): void {
    if (this.#stays(proxyKey(id))) void this.#deregister(keyOf(id));
  }

  /** A control plane that ends takes no proxy with it: they come back to another one, or to the next start. */
  stop(): void {
    this.#isStopped = true;
    this.#tokenWatch.stop();
    this.#options.lost?.stop();
    for (const timer of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
  }

  /** Its token, against the resource that stands for it. */
  async #checked(
    { id, credential }: ProxyCandidate,
    key: ResourceKey,
    subject: Resource | undefined,
  ): Promise<Result<void, GrpcStatus>> {
    if (subject === undefined) return err({ code: GrpcCode.NOT_FOUND, details: `${key.type} ${key.name} not found` });
    const allowed = await this.#options.tokens.check(id, credential, subject);
    return allowed.ok ? allowed : err({ code: GrpcCode.UNAUTHENTICATED, details: allowed.error });
  }

  /** Whether it was leaving. */
  #stays(name: string): boolean {
    this.#leaving.get(name)?.cancel();
    return this.#leaving.delete(name);
  }

  async #deregister(key: ResourceKey): Promise<void> {
    const { manager, registry, onEvent } = this.#options;
    const descriptor = registry.get(key.type);
    if (descriptor === undefined) return;
    try {
      const deleted = await manager.delete(descriptor, key);
      if (deleted.ok) onEvent({ kind: "deregistered", key });
      else if (deleted.error.kind !== "not-found")
        onEvent({ kind: "failed", key, reason: describeWrite(deleted.error) });
    } catch (error) {
      onEvent({ kind: "failed", key, reason: errorMessage(error) });
    }
  }

  #resourceOf({ id }: ProxyCandidate): { readonly descriptor: TypeDescriptor; readonly key: ResourceKey } {
    const key = keyOf(id);
    const descriptor = this.#options.registry.get(key.type);
    if (descriptor === undefined) throw new Error(`no type ${key.type}`);
    return { descriptor, key };
  }

  /** Undefined: the resource was made by somebody else. */
  #brought({ metadata }: ProxyCandidate, key: ResourceKey): Result<Resource | undefined, string> {
    if (metadata.resource === undefined) return ok(undefined);
    const { resources, problems } = parseResourceFile(metadata.resource, this.#options.registry, {
      validate: { mode: "zone" },
    });
    const [only] = resources;
    if (problems.length > 0 || only === undefined || resources.length > 1) {
      const reasons = problems.map(({ line, message }) => `line ${line}: ${message}`);
      return err(`the resource of the proxy is not valid: ${reasons.join("; ") || "it is not one resource"}`);
    }
    const { type, mesh, name } = only.resource;
    if (type !== key.type || mesh !== key.mesh || name !== key.name) {
      return err(`the resource is ${type} ${mesh}/${name}, the proxy is ${key.type} ${key.mesh}/${key.name}`);
    }
    return ok(only.resource);
  }
}

function keyOf({ type, mesh, name }: ProxyCandidate["id"]): ResourceKey {
  return { type: PROXY_RESOURCES[type].resource, mesh, name };
}

function invalid(details: string): GrpcStatus {
  return { code: GrpcCode.INVALID_ARGUMENT, details };
}

function describeWrite(error: {
  readonly kind: string;
  readonly violations?: Parameters<typeof formatViolations>[0];
  readonly detail?: string;
}): string {
  if (error.violations !== undefined) return formatViolations(error.violations);
  return error.detail ?? error.kind;
}
