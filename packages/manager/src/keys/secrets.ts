/** Names and contents of the secrets that a control plane keeps for itself. Source: kuma v2.14.3: pkg/core/resources/apis/system/constants.go. */
import type { ResourceKey } from "@isthmus/resources";
import type { ResourceDraft } from "@isthmus/store";

export const ENVOY_ADMIN_CA = "envoy-admin-ca";

/** A secret of a mesh, which goes with it. */
export function meshSecret(mesh: string, name: string, content: string): ResourceDraft {
  const owner: ResourceKey = { type: "Mesh", mesh: "", name: mesh };
  return { type: "Secret", mesh, name, labels: {}, spec: secretSpec(content), owner };
}

export function globalSecret(name: string, content: string): ResourceDraft {
  return { type: "GlobalSecret", mesh: "", name, labels: {}, spec: secretSpec(content) };
}

function secretSpec(content: string): { readonly data: string } {
  return { data: Buffer.from(content, "utf8").toString("base64") };
}
