/** What formats of access logs call `%KUMA_...%`. Source: kuma v2.14.3: pkg/xds/envoy/listeners/v3/access_log_configurer.go. */
import {
  builtinTypes,
  kriText,
  NAMESPACE_LABEL,
  objectOf,
  textOf,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "@isthmus/resources";
import { type Proxy, SERVICE_TAG } from "@isthmus/topology";

export interface KumaValues {
  readonly sourceService: string;
  readonly sourceAddress: string;
  readonly destinationService: string;
  readonly mesh: string;
  readonly zone: string;
  /** KRI of the workload; "" for none. */
  readonly workload: string;
  readonly direction: "INBOUND" | "OUTBOUND" | "UNSPECIFIED";
}

export const UNKNOWN_SERVICE = "unknown";

/** As Envoy writes it. */
const ABSENT = "-";

const WORKLOAD_TYPE = builtinTypes.find(({ name }) => name === "Workload");

/** Envoy's own commands stay as they are; one of Kuma's that does not exist is absent, since Envoy would refuse the listener. */
export function withKumaValues(format: string, values: KumaValues): string {
  const { sourceAddress } = values;
  const known: Readonly<Record<string, string>> = {
    SOURCE_ADDRESS: sourceAddress.includes(":") ? `[${sourceAddress}]:0` : `${sourceAddress}:0`,
    SOURCE_ADDRESS_WITHOUT_PORT: sourceAddress,
    SOURCE_SERVICE: values.sourceService,
    DESTINATION_SERVICE: values.destinationService,
    MESH: values.mesh,
    TRAFFIC_DIRECTION: values.direction,
    ZONE: values.zone,
    WORKLOAD: values.workload,
  };
  return format.replace(/%KUMA_([A-Z_]+)%/g, (_, name: string) => known[name] ?? ABSENT);
}

/** What the proxy is called: by its service, else by its workload. */
export function identifyingName({ inbounds, gateway, labels }: Proxy): string {
  const services = [...inbounds.map(({ tags }) => tags), gateway?.tags ?? {}].flatMap(
    (tags) => tags[SERVICE_TAG] ?? [],
  );
  return services.sort()[0] ?? (labels[WORKLOAD_LABEL] || UNKNOWN_SERVICE);
}

/** "" without the label. */
export function workloadKri({ mesh, labels }: Proxy): string {
  const name = labels[WORKLOAD_LABEL];
  if (name === undefined || name === "" || WORKLOAD_TYPE === undefined) return "";
  const zone = labels[ZONE_LABEL] ?? "";
  const kri = { type: WORKLOAD_TYPE.name, mesh, zone, namespace: labels[NAMESPACE_LABEL] ?? "", name, section: "" };
  return kriText(WORKLOAD_TYPE, kri) ?? "";
}

/** Address that others know the proxy by. */
export function reachableAddress({ resource, address }: Proxy): string {
  return textOf(objectOf(resource.spec, "networking"), "advertisedAddress") || address;
}
