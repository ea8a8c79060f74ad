/** Candidates of one port of one service before a client is known: what all clients share. */
import type { Service, ServicePort, ServiceRef } from "../model/service.ts";
import type { Candidate } from "./endpoint-set.ts";

export interface BaseSet {
  readonly service: ServiceRef;
  readonly port: number;
  /** The service and its port; undefined when unknown or legacy. */
  readonly target: { readonly service: Service; readonly port: ServicePort } | undefined;
  readonly candidates: readonly Candidate[];
}
