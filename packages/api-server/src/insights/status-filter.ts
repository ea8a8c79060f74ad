/**
 * `status` of overview lists: `online`, `offline`, for Dataplanes `partially_degraded`, for Zones `disabled`; several are
 * separated by commas. Kuma has no such filter, so that its clients have to read every page to find what is offline.
 */
import {
  isInsightOnline,
  member,
  proxyStatus,
  type Resource,
  type TypeDescriptor,
  type Violation,
} from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { ResourceFilter } from "../filters.ts";
import type { Query } from "../query.ts";

interface Statuses {
  readonly names: readonly string[];
  readonly of: (resource: Resource, insight: JsonObject | undefined) => string;
}

const PARTIALLY_DEGRADED = "partially_degraded";
const DISABLED = "disabled";

const onlineOrOffline = (insight: JsonObject | undefined): string =>
  insight !== undefined && isInsightOnline(insight) ? "online" : "offline";

const DEFAULT: Statuses = { names: ["online", "offline"], of: (_resource, insight) => onlineOrOffline(insight) };

const OTHERS: ReadonlyMap<string, Statuses> = new Map([
  [
    "Dataplane",
    {
      names: ["online", "offline", PARTIALLY_DEGRADED],
      of: ({ spec }, insight) => {
        const status = proxyStatus(spec, insight);
        return status === "partiallyDegraded" ? PARTIALLY_DEGRADED : status;
      },
    },
  ],
  [
    "Zone",
    {
      names: ["online", "offline", DISABLED],
      of: ({ spec }, insight) => (spec["enabled"] === false ? DISABLED : onlineOrOffline(insight)),
    },
  ],
]);

/** `route` is the template that the request matched: errors name the parameter with it. */
export function parseStatusFilter(
  type: TypeDescriptor,
  query: Query,
  route: string,
  store: Pick<Store, "get">,
): Result<ResourceFilter, readonly Violation[]> {
  const { names, of } = OTHERS.get(type.name) ?? DEFAULT;
  const wanted =
    query.get("status") === ""
      ? []
      : query
          .get("status")
          .split(",")
          .map((each) => each.trim().toLowerCase());
  const unknown = wanted.filter((each) => !names.includes(each));
  if (unknown.length > 0) {
    const reason = `"status" must be one of [${names.map((name) => `"${name}"`).join(", ")}]`;
    return err([{ field: member(route, "status"), reason }]);
  }
  if (wanted.length === 0 || type.insight === undefined) return ok(() => true);
  const insightType = type.insight;
  return ok((resource) => {
    const { mesh, name } = resource;
    return wanted.includes(of(resource, store.get({ type: insightType, mesh, name })?.spec));
  });
}
