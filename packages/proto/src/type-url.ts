/** Type URLs of `google.protobuf.Any` on the KDS wire. */

export const TYPE_URL_PREFIX = "type.googleapis.com/";
export const KUMA_RESOURCE_TYPE_URL = `${TYPE_URL_PREFIX}kuma.mesh.v1alpha1.KumaResource`;

export function typeUrlOf(messageName: string): string {
  return TYPE_URL_PREFIX + messageName;
}

/** Message name behind a type URL: the part after the last slash, whatever stands before it. */
export function messageNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}
