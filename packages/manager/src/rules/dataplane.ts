/**
 * Zone tags of a Dataplane, its health before the first probe, and whether its mesh takes it in.
 * Source: kuma v2.14.3: pkg/core/managers/apis/dataplane.
 */
import { type Labels, workloadLabelError, ZONE_LABEL } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { arrayAt, objectAt, stringAt, tagsAt } from "../json-path.ts";
import type { WriteError } from "../write-error.ts";
import type { Write, WriteContext, WriteRule } from "../write-rule.ts";

type Tags = Readonly<Record<string, string>>;

export const dataplaneRule: WriteRule = {
  isOwnedByMesh: false,

  prepare({ draft, stored }, context) {
    const networking = objectAt(draft.spec, "networking");
    if (networking === undefined) return draft;
    const isExclusive = stringAt(meshOf(draft.mesh, context)?.spec, "meshServices", "mode") === "Exclusive";
    const prepared = { ...networking };
    if (Array.isArray(networking["inbound"])) {
      prepared["inbound"] = arrayAt(networking, "inbound").map((inbound) =>
        prepareInbound(inbound, { zone: context.zoneName, isExclusive, isNew: stored === undefined }),
      );
    }
    const gateway = objectAt(networking, "gateway");
    if (gateway !== undefined && context.zoneName !== undefined) {
      prepared["gateway"] = { ...gateway, tags: { ...tagsAt(gateway, "tags"), [ZONE_LABEL]: context.zoneName } };
    }
    return { ...draft, spec: { ...draft.spec, networking: prepared } };
  },

  checkPut(write, context) {
    return checkWorkload(write, context) ?? checkMembership(write, context);
  },
};

function prepareInbound(
  inbound: JsonValue,
  options: { zone: string | undefined; isExclusive: boolean; isNew: boolean },
): JsonValue {
  if (!isJsonObject(inbound)) return inbound;
  const prepared: Record<string, JsonValue> = { ...inbound };
  const tags = tagsAt(inbound, "tags");
  // Under Exclusive a service is no tag, and an inbound without tags stays without.
  const staysBare = options.isExclusive && Object.keys(tags).length === 0;
  if (options.zone !== undefined && !staysBare) prepared["tags"] = { ...tags, [ZONE_LABEL]: options.zone };
  if (options.isNew && isJsonObject(inbound["serviceProbe"])) {
    prepared["state"] = "NotReady";
    prepared["health"] = {};
  }
  return prepared;
}

/** Only on creation, as Kuma. */
function checkWorkload({ draft, stored }: Write, context: WriteContext): WriteError | undefined {
  const detail = stored === undefined ? workloadLabelError(draft.labels, context.mode) : undefined;
  return detail === undefined ? undefined : { kind: "bad-request", detail };
}

function checkMembership({ draft, stored }: Write, context: WriteContext): WriteError | undefined {
  const constraints = objectAt(meshOf(draft.mesh, context)?.spec, "constraints", "dataplaneProxy");
  if (constraints === undefined) return undefined;
  const requirements = arrayAt(constraints, "requirements").map((rule) => tagsAt(rule, "tags"));
  const restrictions = arrayAt(constraints, "restrictions").map((rule) => tagsAt(rule, "tags"));
  const refused = (why: string): WriteError => ({
    kind: "not-a-member",
    step: stored === undefined ? "create" : "update",
    detail: `dataplane cannot be a member of mesh "${draft.mesh}" because its tags ${why}`,
  });
  for (const tags of tagSetsOf(draft.spec)) {
    if (requirements.length > 0 && !requirements.some((required) => matches(required, tags))) {
      return refused(`"${formatTags(tags)}" does not fulfill any requirements defined on the Mesh`);
    }
    const denied = restrictions.find((restricted) => matches(restricted, tags));
    if (denied !== undefined) {
      return refused(`"${formatTags(tags)}" matches restricted tags "${formatTags(denied)}" defined on the Mesh`);
    }
  }
  return undefined;
}

function tagSetsOf(spec: JsonObject): readonly Tags[] {
  const sets = arrayAt(spec, "networking", "inbound").map((inbound) => tagsAt(inbound, "tags"));
  const gateway = objectAt(spec, "networking", "gateway");
  return gateway === undefined ? sets : [...sets, tagsAt(gateway, "tags")];
}

/** `*` asks for any value but none. */
function matches(required: Tags, tags: Tags): boolean {
  return Object.entries(required).every(([key, value]) => {
    const actual = tags[key] ?? "";
    return value === "*" ? actual !== "" : value === actual;
  });
}

function formatTags(tags: Labels): string {
  return Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

function meshOf(name: string, context: WriteContext): { readonly spec: JsonObject } | undefined {
  return context.store.get({ type: "Mesh", mesh: "", name });
}
