/** What the runner has to know of the telemetry that goes through it. Source: kuma v2.14.3: pkg/plugins/policies/core/generator. */
import { addDocument } from "../sidecar/dynamic-config.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { TELEMETRY_PATH } from "../telemetry/telemetry-pipe.ts";
import type { Feature } from "./feature.ts";

export const telemetryDocument: Feature = (draft, { subject, telemetry, translation }) => {
  const body = telemetry.document();
  if (subject.kind !== "sidecar" || body === undefined) return;
  addDocument({ path: TELEMETRY_PATH, body }, isUnified(subject.proxy, translation), translation.traits, draft);
};
