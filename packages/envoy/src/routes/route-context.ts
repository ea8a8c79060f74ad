/** What the routes of one outbound are made from. */
import type { Service } from "@isthmus/topology";
import type { SubjectPolicies } from "../features/subject-policies.ts";
import type { Destination } from "../sidecar/destinations.ts";
import type { RouteBackends } from "./route-backends.ts";

export interface RouteContext {
  /** Where the outbound leads when no route says otherwise. */
  readonly own: Destination;
  readonly service: Service;
  readonly policies: SubjectPolicies;
  /** Makes what routes lead to. */
  readonly backends: RouteBackends;
  readonly isUnifiedNaming: boolean;
}
