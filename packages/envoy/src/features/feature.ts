/**
 * A feature shapes what was drafted, as policies of one type say. Each is a file of its own and stands in the list of all.ts, whose
 * order is Kuma's: later ones see what earlier ones made. Source: kuma v2.14.3: `Order` of pkg/plugins/policies/*.
 */
import type { Client, Proxy, ZoneEgress, ZoneIngress } from "@isthmus/topology";
import type { Draft } from "../draft/draft.ts";
import type { TelemetryPipe } from "../telemetry/telemetry-pipe.ts";
import type { Translation } from "../translation.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

/** Whose configuration it is. */
export type Subject =
  /**
   * A sidecar is made as a whole, or its parts one by one. Of a single outbound the proxy is what all of its class have in common: what a feature wants to know
   * of it besides must be said in `sidecar/outbound-class.ts`.
   */
  | {
      readonly kind: "sidecar";
      readonly part: SidecarPart;
      readonly proxy: Proxy;
      readonly client: Client;
      /** It says in a header who it is. */
      readonly tellsTags: boolean;
    }
  | { readonly kind: "zoneIngress"; readonly ingress: ZoneIngress }
  | { readonly kind: "zoneEgress"; readonly egress: ZoneEgress };

export type SidecarPart = "whole" | "own" | "outbound";

export interface FeatureContext {
  readonly subject: Subject;
  readonly policies: SubjectPolicies;
  readonly translation: Translation;
  /** Filled by features whose telemetry goes through the runner. */
  readonly telemetry: TelemetryPipe;
}

export type Feature = (draft: Draft, context: FeatureContext) => void;
