/** Selects by labels: every listed pair has to be there. Source: kuma v2.14.3: api/common/v1alpha1/selector.go. */
import { object, optional, texts } from "./shape.ts";

export const labelSelector = object({ matchLabels: optional(texts) });
