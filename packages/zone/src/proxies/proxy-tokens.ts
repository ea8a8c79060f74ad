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
import { type Clock, err, ok, type Result } from "@isthmus/std";
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
    const { dataplanes, zoneProxies } = this.#options;
    const isTrusted = id.type === "dataplane" ? dataplanes === "none" : zoneProxies === "none";
    if (isTrusted) return ok(undefined);
    if (token === undefined || token === "") return err("authentication failed: there is no token");
    const bare = token.replace(/^Bearer /, "");
    return id.type === "dataplane" ? this.#dataplane(id, bare, resource) : this.#zoneProxy(id, bare);
  }

  async #dataplane(
    id: ProxyId,
    token: string,
    resource: Pick<Resource, "spec" | "labels">,
  ): Promise<Result<void, string>> {
    const payload = await this.#validatorOf(id.mesh).validate(token);
    if (!payload.ok) return err(`authentication failed: ${payload.error}`);
    const claims = readDataplane(payload.value);
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

  async #zoneProxy(id: ProxyId, token: string): Promise<Result<void, string>> {
    const payload = await this.#zones.validate(token);
    if (!payload.ok) return err(`authentication failed: ${payload.error}`);
    const claims = readZone(payload.value);
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
