/** Which endpoints a request that is tried again does not go to. Source: kuma v2.14.3: meshretry `configureHostSelectionPredicates`. */
import type { RetryPolicyJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { labelsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { uintOf } from "../build/numbers.ts";
import { typed } from "../draft/any.ts";

const HOSTS = "envoy.extensions.retry.host";
/** After how many attempts the next priority is looked at. */
const UPDATE_FREQUENCY = 2;

type Selection = Pick<RetryPolicyJson, "retryHostPredicate" | "retryPriority">;

export function hostSelection(predicates: readonly JsonObject[]): Selection {
  const hosts = predicates.flatMap((predicate) => {
    const kind = textOf(predicate, "predicate");
    if (kind === "OmitPreviousHosts") {
      return [
        {
          name: "envoy.retry_host_predicates.previous_hosts",
          typedConfig: typed(`${HOSTS}.previous_hosts.v3.PreviousHostsPredicate`, {}),
        },
      ];
    }
    if (kind !== "OmitHostsWithTags") return [];
    const metadataMatch = { filterMetadata: { "envoy.lb": { ...labelsOf(predicate, "tags") } } };
    return [
      {
        name: "envoy.retry_host_predicates.omit_host_metadata",
        typedConfig: typed(`${HOSTS}.omit_host_metadata.v3.OmitHostMetadataConfig`, { metadataMatch }),
      },
    ];
  });
  const priority = predicates.find((predicate) => textOf(predicate, "predicate") === "OmitPreviousPriorities");
  return {
    ...(hosts.length === 0 ? {} : { retryHostPredicate: hosts }),
    ...(priority === undefined
      ? {}
      : {
          retryPriority: {
            name: "envoy.retry_priorities.previous_priorities",
            typedConfig: typed("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
              updateFrequency: uintOf(priority, "updateFrequency") ?? UPDATE_FREQUENCY,
            }),
          },
        }),
  };
}
