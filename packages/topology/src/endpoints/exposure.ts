/** What a zone ingress or egress forwards: by which server name, for which port of which service, to which addresses. */
import type { Labels } from "@isthmus/resources";
import type { ServiceRef } from "../model/service.ts";
import { gateAll } from "./candidate.ts";
import type { EndpointSet } from "./endpoint-set.ts";
import { describeRef } from "./service-ref.ts";

export interface Exposure {
  readonly sni: string;
  readonly service: ServiceRef;
  /** 0 for a legacy service. */
  readonly port: number;
  /** Tags that instances have besides `kuma.io/service`; only of a legacy service. */
  readonly subset: Labels;
  readonly set: EndpointSet;
}

export interface Exposures {
  /** In the order in which server names were given away. */
  readonly exposures: readonly Exposure[];
  /** Why nothing, or less than all, is forwarded. */
  readonly problems: readonly string[];
}

/** One chain can have a server name: the first exposure gets it, the set of another stays empty and says which one has it. */
export function withoutNameConflicts({ exposures, problems }: Exposures): Exposures {
  const owners = new Map<string, Exposure>();
  const checked = exposures.map((exposure): Exposure => {
    const owner = owners.get(exposure.sni);
    if (owner === undefined) {
      owners.set(exposure.sni, exposure);
      return exposure;
    }
    const detail = `server name ${exposure.sni} leads to ${describeRef(owner.service)}`;
    const candidates = gateAll(exposure.set.candidates, "nameConflict", detail);
    return { ...exposure, set: { ...exposure.set, endpoints: [], candidates } };
  });
  return { exposures: checked, problems };
}

export function joined(parts: readonly Exposures[]): Exposures {
  return {
    exposures: parts.flatMap(({ exposures }) => exposures),
    problems: parts.flatMap(({ problems }) => problems),
  };
}
