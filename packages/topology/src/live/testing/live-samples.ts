/** Resources that tests of a live topology write: a service here, one in another zone, one over both, and names for them. */
import type { Resource } from "@isthmus/resources";
import { dataplane, meshService, remoteLabels, resource } from "../../testing/resources.ts";

export const generator = (name: string, member: string, origin: string, template: string): Resource =>
  resource("HostnameGenerator", name, {
    mesh: "",
    labels: { "kuma.io/origin": "zone" },
    spec: { selector: { [member]: { matchLabels: { "kuma.io/origin": origin } } }, template },
  });
export const GENERATORS = [
  generator("local", "meshService", "zone", "{{ .DisplayName }}.svc.mesh.local"),
  generator("synced", "meshService", "global", "{{ .DisplayName }}.svc.{{ .Zone }}.mesh.local"),
  generator("everywhere", "meshMultiZoneService", "global", "{{ .DisplayName }}.mzsvc.mesh.local"),
];
export const backend = (name: string, port = 8080, state?: string): Resource =>
  dataplane(name, [{ port, service: "backend", protocol: "http", ...(state === undefined ? {} : { state }) }], {
    address: `10.0.0.${name.length}`,
  });
export const multiZone = (name: string, displayName: string): Resource =>
  resource("MeshMultiZoneService", name, {
    labels: { "kuma.io/origin": "global", "kuma.io/display-name": name },
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": displayName } } },
      ports: [{ port: 8080, appProtocol: "http" }],
    },
    status: {},
  });
export const remote = (zone: string, displayName: string): Resource =>
  meshService(`${displayName}-${zone}`, [{ port: 8080, targetPort: 8080, appProtocol: "http" }], {
    labels: remoteLabels(zone, displayName),
    spec: { state: "Available", selector: { dataplaneTags: { "kuma.io/service": displayName } } },
  });
