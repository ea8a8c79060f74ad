/**
 * What an export holds, in the order in which it can be imported, with kumactl's changes: a mesh does not create its initial policies
 * again, and takes its built-in CA from the secrets that are exported beside it. Source: kuma v2.14.3: app/kumactl/cmd/export.
 */
import type { ResourceType, RestResource } from "@isthmus/api";
import { ORIGIN_LABEL } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { listAt, textAt } from "../output/member.ts";

export const EXPORT_PROFILES = ["all", "federation", "federation-with-policies", "no-dataplanes"] as const;
export type ExportProfile = (typeof EXPORT_PROFILES)[number];

/** Belong to one installation, and break the TLS of another. */
const OF_INSTALLATION: ReadonlySet<string> = new Set(["envoy-admin-ca", "inter-cp-ca"]);
const USER_SIGNING_KEY = "user-token-signing-key";

/** Types come in this order, those of the same place in that of the server. */
const PLACES: Readonly<Record<string, number>> = { Mesh: 0, Secret: 1, GlobalSecret: 99 };
const OTHER_PLACE = 50;

/** For a move under a global, or to another one. */
export function isFederation(profile: ExportProfile): boolean {
  return profile === "federation" || profile === "federation-with-policies";
}

/** `isAdminOnly`: secrets, which other profiles than those of a federation hold only when asked. */
export function exportedTypes(
  types: readonly ResourceType[],
  profile: ExportProfile,
  options: { readonly includeAdmin: boolean; readonly isAdminOnly: (type: ResourceType) => boolean },
): readonly ResourceType[] {
  return types
    .filter((type) => isFederation(profile) || options.includeAdmin || !options.isAdminOnly(type))
    .filter((type) => {
      if (profile === "federation") {
        return type.includeInFederation && type.policy?.isTargetRef !== true && type.name !== "MeshGateway";
      }
      if (profile === "federation-with-policies") return type.includeInFederation;
      return profile === "all" || !["Dataplane", "DataplaneInsight"].includes(type.name);
    })
    .sort((a, b) => (PLACES[a.name] ?? OTHER_PLACE) - (PLACES[b.name] ?? OTHER_PLACE));
}

/** In order, changed as the profile needs it; those of the installation itself are left out. */
export function exportedResources(resources: readonly RestResource[], profile: ExportProfile): readonly JsonObject[] {
  const kept = resources
    .filter(({ type, name }) => type !== "GlobalSecret" || !OF_INSTALLATION.has(name))
    .map((resource) => exportedForm(resource as JsonObject, profile));
  // After these nobody who has a token of today can import anything.
  const isLast = (resource: JsonObject): boolean =>
    resource["type"] === "GlobalSecret" && textAt(resource, "name")?.startsWith(USER_SIGNING_KEY) === true;
  return [...kept.filter((resource) => !isLast(resource)), ...kept.filter(isLast)];
}

export function exportedForm(resource: JsonObject, profile: ExportProfile): JsonObject {
  const form = isFederation(profile) ? withoutOrigin(resource) : resource;
  return resource["type"] === "Mesh" ? exportedMesh(form) : form;
}

export function exportedMesh(mesh: JsonObject): JsonObject {
  const { mtls } = mesh;
  return {
    ...mesh,
    ...(isJsonObject(mtls) ? { mtls: exportedMtls(mtls, textAt(mesh, "name") ?? "") } : {}),
    skipCreatingInitialPolicies: ["*"],
  };
}

function exportedMtls(mtls: JsonObject, mesh: string): JsonObject {
  const backends = listAt(mtls, "backends");
  if (!backends.some((backend) => textAt(backend, "type") === "builtin")) return mtls;
  return {
    ...mtls,
    backends: backends.map((backend) => (textAt(backend, "type") === "builtin" ? provided(backend, mesh) : backend)),
    // The secrets come later than the mesh.
    skipValidation: true,
  };
}

function provided(backend: JsonValue, mesh: string): JsonValue {
  if (!isJsonObject(backend)) return backend;
  const secret = (kind: string): JsonObject => ({
    secret: `${mesh}.ca-builtin-${kind}-${textAt(backend, "name") ?? ""}`,
  });
  return { ...backend, type: "provided", conf: { cert: secret("cert"), key: secret("key") } };
}

function withoutOrigin(resource: JsonObject): JsonObject {
  const { labels, ...rest } = resource;
  if (!isJsonObject(labels)) return resource;
  const kept = Object.entries(labels).filter(([key]) => key !== ORIGIN_LABEL);
  return kept.length === 0 ? rest : { ...rest, labels: Object.fromEntries(kept) };
}
