/**
 * Whether the token of a proxy lets it be who it says. Source: kuma v2.14.3: pkg/xds/auth/universal, pkg/tokens/builtin.
 */
import {
  dataplaneKeyRing,
  readDataplane,
  readZone,
  TokenValidator,
  zoneKeyRing,
  zonePublicKeyRing,
} from "@isthmus/identity";
import { labelsOf, messageOf, objectOf, objectsOf, type Resource, WORKLOAD_LABEL } from "@isthmus/resources";
import { type Clock, err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { ProxyId } from "@isthmus/xds";

export interface ProxyTokensOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly zone: string;
  /** Signing keys of zone tokens are the global's; a federated zone has their public halves. */
  readonly isFederated: boolean;
  /** `none`: proxies are believed. */
  readonly dataplanes: "dpToken" | "none";
  readonly zoneProxies: "zoneToken" | "none";
}

const TAG_DIFFERS = "dataplane has a tag that is not in the token";

export class ProxyTokens {
  readonly #options: ProxyTokensOptions;
  readonly #validators = new Map<string, TokenValidator>();
  readonly #zones: TokenValidator;

  constructor(options: ProxyTokensOptions) {
    this.#options = options;
    const { store, clock, isFederated } = options;
    this.#zones = new TokenValidator({ store, clock, ring: isFederated ? zonePublicKeyRing : zoneKeyRing });
  }

  /** `resource`: the one that stands for the proxy. The error never quotes the token. */
  async check(
    id: ProxyId,
    token: string | undefined,
    resource: Pick<Resource, "spec" | "labels">,
  ): Promise<Result<void, string>> {
    if (this.#isTrusted(id)) return ok(undefined);
    const payload = await this.#payloadOf(id, token);
    if (!payload.ok) return payload;
    return id.type === "dataplane" ? this.#dataplane(id, payload.value, resource) : this.#zoneProxy(id, payload.value);
  }

  /** Whether a token that was checked is still good, and until when: wall clock in ms, undefined: for ever. */
  async stillCounts(id: ProxyId, token: string | undefined): Promise<Result<number | undefined, string>> {
    if (this.#isTrusted(id)) return ok(undefined);
    const payload = await this.#payloadOf(id, token);
    if (!payload.ok) return payload;
    const { exp } = payload.value;
    return ok(typeof exp === "number" ? exp * 1_000 : undefined);
  }

  #isTrusted({ type }: ProxyId): boolean {
    const { dataplanes, zoneProxies } = this.#options;
    return type === "dataplane" ? dataplanes === "none" : zoneProxies === "none";
  }

  async #payloadOf(id: ProxyId, token: string | undefined): Promise<Result<JsonObject, string>> {
    if (token === undefined || token === "") return err("authentication failed: there is no token");
    const validator = id.type === "dataplane" ? this.#validatorOf(id.mesh) : this.#zones;
    const payload = await validator.validate(token.replace(/^Bearer /, ""));
    return payload.ok ? payload : err(`authentication failed: ${payload.error}`);
  }

  #dataplane(id: ProxyId, payload: JsonObject, resource: Pick<Resource, "spec" | "labels">): Result<void, string> {
    const claims = readDataplane(payload);
    if (!claims.ok) return claims;
    const { name, mesh, tags, type, workload } = claims.value;
    if (mesh !== "" && mesh !== id.mesh)
      return err(`mesh from requestor: ${id.mesh} is different than in token: ${mesh}`);
    if (name !== "" && name !== id.name)
      return err(`dataplane name from requestor: ${id.name} is different than in token: ${name}`);
    if (type !== "" && type !== "dataplane") return err(`the token is for proxies of type ${type}`);
    if (workload !== "" && workload !== resource.labels[WORKLOAD_LABEL])
      return err(`the token is for the workload ${workload}`);
    return hasOnly(tags, tagSetsOf(resource)) ? ok(undefined) : err(TAG_DIFFERS);
  }

  #zoneProxy(id: ProxyId, payload: JsonObject): Result<void, string> {
    const claims = readZone(payload);
    if (!claims.ok) return claims;
    const { zone, scope } = claims.value;
    if (zone !== "" && zone !== this.#options.zone) return err(`the token is for zone ${zone}`);
    return scope?.includes(id.type) === true
      ? ok(undefined)
      : err(`token cannot be used for zone ${id.type} (out of scope)`);
  }

  #validatorOf(mesh: string): TokenValidator {
    const known = this.#validators.get(mesh);
    if (known !== undefined) return known;
    const { store, clock } = this.#options;
    const validator = new TokenValidator({ store, clock, ring: dataplaneKeyRing(mesh) });
    this.#validators.set(mesh, validator);
    return validator;
  }
}

type Tags = Readonly<Record<string, string>>;

function tagSetsOf({ spec }: Pick<Resource, "spec">): readonly Tags[] {
  const networking = objectOf(spec, "networking");
  const gateway = messageOf(networking, "gateway");
  return [...objectsOf(networking, "inbound"), ...(gateway === undefined ? [] : [gateway])].map((part) =>
    labelsOf(part, "tags"),
  );
}

/** Of each tag that the token names, the proxy has values, and all of them are listed. */
function hasOnly(allowed: Readonly<Record<string, readonly string[]>>, sets: readonly Tags[]): boolean {
  return Object.entries(allowed).every(([key, values]) => {
    const own = sets.flatMap((tags) => tags[key] ?? []);
    return own.length > 0 && own.every((value) => values.includes(value));
  });
}
