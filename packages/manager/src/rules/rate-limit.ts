/**
 * A RateLimit selects an ExternalService by its service alone, since the proxies that limit do not know its other tags;
 * whichever of the two is written last is refused.
 * Source: kuma v2.14.3: pkg/core/managers/apis/{ratelimit,external_service}.
 */
import { objectOf, objectsOf, type Resource, type Violation } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { WriteError } from "../write-error.ts";
import type { Write, WriteRule } from "../write-rule.ts";

const SERVICE_TAG = "kuma.io/service";
const SERVICE_ONLY = "RateLimit applied to external service only supports kuma.io/service as destination match";

export const rateLimitRule: WriteRule = {
  checkPut(write, { store }) {
    const services = store.list("ExternalService", { mesh: write.draft.mesh }).map(serviceOf);
    if (!services.some((service) => service !== undefined)) return undefined;
    const isExternal = (service: string): boolean => service === "*" || services.includes(service);
    const refused = mixedServices(write.draft).filter(isExternal);
    return refusal(
      write,
      refused.map(() => ({ field: "ratelimit", reason: SERVICE_ONLY })),
    );
  },
};

export const externalServiceRule: WriteRule = {
  isOwnedByMesh: false,

  checkPut(write, { store }) {
    const own = serviceOf(write.draft);
    const violations = store.list("RateLimit", { mesh: write.draft.mesh }).flatMap((rateLimit) => {
      const matching = mixedServices(rateLimit).filter((service) => service === "*" || service === own);
      const reason = `ExternalService would match RateLimit '${rateLimit.name}' which includes incompatible destination matches`;
      return matching.map(() => ({ field: "externalservice", reason }));
    });
    return refusal(write, violations);
  },
};

/** Services of those destinations that have other tags as well. */
function mixedServices({ spec }: Pick<Resource, "spec">): readonly string[] {
  return objectsOf(spec, "destinations").flatMap((destination) => {
    const tags = objectOf(destination, "match");
    const service = tagOf(tags);
    return service !== undefined && Object.keys(tags).length > 1 ? [service] : [];
  });
}

const serviceOf = ({ spec }: Pick<Resource, "spec">): string | undefined => tagOf(objectOf(spec, "tags"));

function tagOf(tags: JsonObject): string | undefined {
  const service = Object.hasOwn(tags, SERVICE_TAG) ? tags[SERVICE_TAG] : undefined;
  return typeof service === "string" ? service : undefined;
}

function refusal({ stored }: Write, violations: readonly Violation[]): WriteError | undefined {
  if (violations.length === 0) return undefined;
  return { kind: "invalid", step: stored === undefined ? "create" : "update", violations };
}
