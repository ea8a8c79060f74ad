/**
 * What Envoy does with ADS, as far as sessions depend on it: clusters warm until their endpoints come, and are acknowledged only then
 * (Envoy 1.40: requests for clusters are paused meanwhile), listeners are asked for when the first clusters are warm, good resources of a bad response are taken, and only what has to be asked for is. For tests.
 *
 * Contents: a cluster is `eds <n>`, `static <n>`; a listener `<n> <cluster>,<cluster>`; endpoints and secrets anything. Whatever begins with
 * `bad` is rejected.
 */
import type { AdsRequest, AdsSend, AdsVariant } from "../ads-state.ts";
import { type ShortType, TYPES } from "./ads-rig.ts";

export interface EnvoyModelOptions {
  readonly variant: AdsVariant;
  /** Whether NACKs name what is wrong. */
  readonly namesErrors: boolean;
  /** Delta: whether a cluster that is warmed anew subscribes to its endpoints once more. */
  readonly resubscribes: boolean;
}

interface Held {
  readonly content: string;
  readonly version: string;
}

export class EnvoyModel {
  readonly violations: string[] = [];
  readonly active = new Map<string, Held>();
  readonly warming = new Map<string, Held>();
  readonly endpoints = new Map<string, Held>();
  readonly listeners = new Map<string, Held>();
  readonly secrets = new Map<string, Held>();
  /** Names whose last content was refused. */
  readonly #refusedClusters = new Set<string>();
  readonly #refusedEndpoints = new Set<string>();
  /** Requests to be sent, in order. */
  readonly outgoing: AdsRequest[] = [];
  readonly #options: EnvoyModelOptions;
  #nonces = new Map<ShortType, string>();
  /** Of a response whose answer waits until its clusters are warm. */
  #clusterErrors: readonly string[] | undefined;
  #subscribed = new Map<ShortType, ReadonlySet<string>>();

  constructor(options: EnvoyModelOptions) {
    this.#options = options;
  }

  /** A new stream. What it runs it keeps. */
  connect(): void {
    this.outgoing.length = 0;
    this.#clusterErrors = undefined;
    this.#nonces = new Map();
    this.#subscribed = new Map();
    this.#subscribe("cds", undefined, [...this.active, ...this.warming]);
    if (this.#edsNames().size > 0) this.#subscribe("eds", this.#edsNames(), [...this.endpoints]);
    if (this.listeners.size > 0) this.#askForListeners();
  }

  receive({ typeUrl, nonce, content }: AdsSend): void {
    const type = (Object.keys(TYPES) as ShortType[]).find((each) => TYPES[each] === typeUrl) ?? "cds";
    const resources = [...(content.form === "whole" ? content.resources : content.upserts)].map((resource) => {
      if (resource.isForeign) this.violations.push(`${type} ${resource.name}: content of an earlier stream was sent`);
      return [resource.name, { content: new TextDecoder().decode(resource.body), version: resource.version }] as const;
    });
    this.#nonces.set(type, nonce);
    let errors: readonly string[] = [];
    if (type === "cds") errors = this.#takeClusters(new Map(resources), content);
    else if (type === "eds") errors = this.#takeEndpoints(resources);
    else if (type === "lds") errors = this.#takeListeners(new Map(resources), content);
    else errors = takeEach(resources, (name, held) => this.secrets.set(name, held));
    if (type === "cds") this.#clusterErrors = errors;
    else this.#answer(type, errors);
    this.#answerWhenWarm();
  }

  #takeClusters(resources: ReadonlyMap<string, Held>, content: AdsSend["content"]): readonly string[] {
    const errors: string[] = [];
    const anew: string[] = [];
    for (const [name, held] of resources) {
      const before = this.warming.get(name) ?? this.active.get(name);
      if (before?.content === held.content) continue;
      if (held.content.startsWith("bad")) {
        this.#refusedClusters.add(name);
        errors.push(name);
        continue;
      }
      this.#refusedClusters.delete(name);
      if (held.content.startsWith("static")) {
        this.warming.delete(name);
        this.active.set(name, held);
      } else {
        this.warming.set(name, held);
        anew.push(name);
      }
    }
    const removed =
      content.form === "whole"
        ? [...this.active.keys(), ...this.warming.keys()].filter((name) => !resources.has(name))
        : content.removals;
    for (const name of removed) {
      if (!this.active.has(name) && !this.warming.has(name)) continue;
      for (const [listener, held] of this.listeners) {
        if (clustersOf(held).includes(name)) this.violations.push(`cluster ${name} went while ${listener} uses it`);
      }
      for (const map of [this.active, this.warming, this.endpoints]) map.delete(name);
    }
    this.#subscribe("eds", this.#edsNames(), [], this.#options.resubscribes ? anew : []);
    return errors;
  }

  /** Stops at the first mistake, as Envoy does where resources are handed to watches one by one. */
  #takeEndpoints(resources: readonly (readonly [string, Held])[]): readonly string[] {
    for (const [name, held] of resources) {
      if (!this.#edsNames().has(name)) continue;
      if (held.content.startsWith("bad")) {
        // Who is not told which one it was has to suspect all of them.
        for (const [suspect] of this.#options.namesErrors ? [[name]] : resources)
          if (suspect !== undefined) this.#refusedEndpoints.add(suspect);
        return [name];
      }
      this.#refusedEndpoints.delete(name);
      this.endpoints.set(name, held);
      const cluster = this.warming.get(name);
      if (cluster === undefined) continue;
      this.warming.delete(name);
      this.active.set(name, cluster);
    }
    return [];
  }

  #takeListeners(resources: ReadonlyMap<string, Held>, content: AdsSend["content"]): readonly string[] {
    const removed =
      content.form === "whole" ? [...this.listeners.keys()].filter((name) => !resources.has(name)) : content.removals;
    for (const name of removed) this.listeners.delete(name);
    return takeEach([...resources], (name, held) => {
      for (const cluster of clustersOf(held)) {
        if (this.active.has(cluster) || this.#isRefused(cluster)) continue;
        this.violations.push(`listener ${name} (${held.content}) came before cluster ${cluster}`);
      }
      this.listeners.set(name, held);
    });
  }

  /** Envoy asks for no clusters, and so acknowledges none, while some of them warm. What never gets endpoints it gives up. */
  #answerWhenWarm(): void {
    if (![...this.warming.keys()].every((name) => this.#isRefused(name))) return;
    if (this.#clusterErrors !== undefined) this.#answer("cds", this.#clusterErrors);
    this.#clusterErrors = undefined;
    if (this.#nonces.has("cds") && !this.#subscribed.has("lds")) this.#askForListeners();
  }

  #askForListeners(): void {
    this.#subscribe("lds", undefined, [...this.listeners]);
    this.#subscribe("sds", new Set(["cert"]), [...this.secrets]);
  }

  #isRefused(name: string): boolean {
    return this.#refusedClusters.has(name) || this.#refusedEndpoints.has(name);
  }

  #edsNames(): ReadonlySet<string> {
    const isEds = ([, { content }]: readonly [string, Held]): boolean => content.startsWith("eds");
    return new Set([...this.active, ...this.warming].filter(isEds).map(([name]) => name));
  }

  /** @param names undefined: everything */
  #subscribe(
    type: ShortType,
    names: ReadonlySet<string> | undefined,
    has: readonly (readonly [string, Held])[],
    again: readonly string[] = [],
  ): void {
    const before = this.#subscribed.get(type);
    const wanted = names ?? new Set<string>();
    const added = [...wanted].filter((name) => before?.has(name) !== true);
    const removed = [...(before ?? [])].filter((name) => !wanted.has(name));
    const isFirst = before === undefined;
    if (names !== undefined && added.length + removed.length + again.length === 0) return;
    if (isFirst && names?.size === 0) return;
    this.#subscribed.set(type, wanted);
    const nonce = this.#nonces.get(type) ?? "";
    const { variant } = this.#options;
    this.outgoing.push({
      typeUrl: TYPES[type],
      nonce: variant === "state" ? nonce : "",
      error: undefined,
      interest:
        variant === "state"
          ? { variant, names: [...wanted] }
          : {
              variant,
              subscribe: [...new Set([...added, ...again])],
              unsubscribe: removed,
              initialVersions: isFirst ? Object.fromEntries(has.map(([name, { version }]) => [name, version])) : {},
            },
    });
  }

  #answer(type: ShortType, errors: readonly string[]): void {
    const { variant, namesErrors } = this.#options;
    const message = namesErrors ? `Error adding/updating ${errors.join(": no, ")}: no` : "something is wrong";
    this.outgoing.push({
      typeUrl: TYPES[type],
      nonce: this.#nonces.get(type) ?? "",
      error: errors.length === 0 ? undefined : message,
      interest:
        variant === "state"
          ? { variant, names: [...(this.#subscribed.get(type) ?? [])] }
          : { variant, subscribe: [], unsubscribe: [], initialVersions: {} },
    });
  }
}

export function clustersOf({ content }: Held): readonly string[] {
  return (content.split(" ")[1] ?? "").split(",").filter((name) => name !== "");
}

function takeEach(
  resources: readonly (readonly [string, Held])[],
  take: (name: string, held: Held) => void,
): readonly string[] {
  const errors: string[] = [];
  for (const [name, held] of resources) {
    if (held.content.startsWith("bad")) errors.push(name);
    else take(name, held);
  }
  return errors;
}
