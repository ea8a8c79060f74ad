/** One ADS session with its clock, driven by short calls; resources are named and have a text as content. For tests. */
import type { EncodedResource } from "../../content/encoded-resource.ts";
import { ResourcePool } from "../../content/resource-pool.ts";
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE, type TypeUrl } from "../../type-urls.ts";
import { createAds, stepAds } from "../ads-session.ts";
import type { AdsEffect, AdsEvent, AdsSend, AdsState, AdsTypeState, AdsVariant } from "../ads-state.ts";

export const TYPES: Readonly<Record<ShortType, TypeUrl>> = {
  cds: CLUSTER_TYPE,
  eds: ENDPOINT_TYPE,
  lds: LISTENER_TYPE,
  rds: ROUTE_TYPE,
  sds: SECRET_TYPE,
};
export type ShortType = "cds" | "eds" | "lds" | "rds" | "sds";
/** Name -> content, per type. */
export type Contents = { readonly [T in ShortType]?: Readonly<Record<string, string>> };

export class AdsRig {
  now = 1_000_000;
  readonly pool = new ResourcePool();
  readonly state: AdsState;
  #revision = 0;

  constructor(variant: AdsVariant, nackBackoffMs = 5_000) {
    this.state = createAds({ variant, pool: this.pool, nackBackoffMs, openedAt: this.now });
  }

  step(event: AdsEvent): readonly AdsEffect[] {
    return stepAds(this.state, event, { now: this.now });
  }

  snapshot(contents: Contents): readonly AdsEffect[] {
    this.#revision += 1;
    const resources = new Map(
      Object.entries(contents).map(([type, named]) => {
        const typeUrl = TYPES[type as ShortType];
        return [typeUrl, this.pool.set(Object.entries(named).map((each) => this.#resource(typeUrl, ...each)))] as const;
      }),
    );
    return this.step({ kind: "snapshot", snapshot: { revision: this.#revision, changedAt: this.now, resources } });
  }

  /** State of the world: a request with all names. */
  request(type: ShortType, names: readonly string[] = [], nonce = "", error?: string): readonly AdsEffect[] {
    return this.step({
      kind: "request",
      typeUrl: TYPES[type],
      nonce,
      error,
      interest: { variant: "state", names },
    });
  }

  /** Delta: `+name` subscribes, `-name` unsubscribes. */
  delta(
    type: ShortType,
    changes: readonly string[] = [],
    rest: { nonce?: string; error?: string; has?: Readonly<Record<string, string>> } = {},
  ): readonly AdsEffect[] {
    const { nonce = "", error, has = {} } = rest;
    const those = (sign: string): string[] => changes.filter((each) => each[0] === sign).map((each) => each.slice(1));
    return this.step({
      kind: "request",
      typeUrl: TYPES[type],
      nonce,
      error,
      interest: { variant: "delta", subscribe: those("+"), unsubscribe: those("-"), initialVersions: has },
    });
  }

  /** The flight of a type is acknowledged, the names staying as they are. */
  ack(type: ShortType): readonly AdsEffect[] {
    return this.#answer(type, undefined);
  }

  nack(type: ShortType, error: string): readonly AdsEffect[] {
    return this.#answer(type, error);
  }

  type(type: ShortType): AdsTypeState {
    const record = this.state.types.get(TYPES[type]);
    if (record === undefined) throw new Error(`${type} is not subscribed`);
    return record;
  }

  /** Version of a content, as a peer of an earlier stream would know it. */
  versionOf(type: ShortType, content: string): string {
    return this.#resource(TYPES[type], "", content).version;
  }

  #answer(type: ShortType, error: string | undefined): readonly AdsEffect[] {
    const { variant } = this.state;
    return this.step({
      kind: "request",
      typeUrl: TYPES[type],
      nonce: this.type(type).lastNonce,
      error,
      interest:
        variant === "state"
          ? { variant, names: undefined }
          : { variant, subscribe: [], unsubscribe: [], initialVersions: {} },
    });
  }

  #resource(typeUrl: TypeUrl, name: string, content: string): EncodedResource {
    return this.pool.resource(typeUrl, name, new TextEncoder().encode(content));
  }
}

export function sendsOf(effects: readonly AdsEffect[]): readonly AdsSend[] {
  return effects.filter((effect) => effect.kind === "send");
}

/** What responses say: `cds=[a:1 b:2]` for a whole state, `eds+[a:1]` for a part, `eds-[b]` for removals. */
export function said(effects: readonly AdsEffect[]): string {
  return sendsOf(effects).map(text).join(" ");
}

export function notes(effects: readonly AdsEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.kind === "note" ? [effect.note] : []));
}

function text({ typeUrl, content }: AdsSend): string {
  const type = Object.entries(TYPES).find(([, url]) => url === typeUrl)?.[0] ?? typeUrl;
  const list = (resources: Iterable<EncodedResource>): string =>
    [...resources]
      .map(({ name, body }) => `${name}:${new TextDecoder().decode(body)}`)
      .sort()
      .join(" ");
  if (content.form === "whole") return `${type}=[${list(content.resources)}]`;
  const parts = [];
  if (content.upserts.length > 0) parts.push(`${type}+[${list(content.upserts)}]`);
  if (content.removals.length > 0) parts.push(`${type}-[${[...content.removals].sort().join(" ")}]`);
  return parts.length === 0 ? `${type}+[]` : parts.join(" ");
}
