/**
 * A HostnameGenerator, ready to give names: whom it selects, its template, its place among the others.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/hostname/generator.go.
 */
import {
  DISPLAY_NAME_LABEL,
  dns1123SubdomainErrors,
  goQuote,
  type Labels,
  labelsOf,
  messageOf,
  NAMESPACE_LABEL,
  ORIGIN_LABEL,
  objectOf,
  parseTemplate,
  type Resource,
  renderTemplate,
  type Template,
  textOf,
  ZONE_LABEL,
} from "@isthmus/resources";
import { err, ok, type Result } from "@isthmus/std";
import { creationKey } from "../model/creation-order.ts";
import type { ServiceKind } from "../model/service.ts";

export interface HostnameGenerator {
  readonly name: string;
  /** Sorts as text: those of the zone before those of the global, then by creation, then by name. The lowest wins. */
  readonly precedence: string;
  /** Labels to match by kind of service. Validation allows one kind; what another version let through may have more. */
  readonly selectors: ReadonlyMap<ServiceKind, Labels>;
  readonly template: Result<Template, string>;
  /** What has no effect, in sentences. */
  readonly problems: readonly string[];
}

/** A service as templates see it. */
export type NamedService = Pick<Resource, "name" | "mesh" | "labels" | "creationTime">;

const SELECTOR_MEMBERS: readonly (readonly [string, ServiceKind])[] = [
  ["meshService", "MeshService"],
  ["meshExternalService", "MeshExternalService"],
  ["meshMultiZoneService", "MeshMultiZoneService"],
];
/** As messages of Go name the struct with the fields. */
const TYPE_NAME = "hostname.meshedName";

export function readHostnameGenerator({ name, creationTime, labels, spec }: Resource): HostnameGenerator {
  const selector = objectOf(spec, "selector");
  const extension = messageOf(spec, "extension");
  return {
    name,
    precedence: `${labels[ORIGIN_LABEL] === "zone" ? 0 : 1} ${creationKey(creationTime)} ${name}`,
    selectors: new Map(
      SELECTOR_MEMBERS.flatMap(([member, kind]): [ServiceKind, Labels][] => {
        const found = messageOf(selector, member);
        return found === undefined ? [] : [[kind, labelsOf(found, "matchLabels")]];
      }),
    ),
    template: parseTemplate(textOf(spec, "template")),
    problems:
      extension === undefined
        ? []
        : [
            `spec.extension of type ${JSON.stringify(textOf(extension, "type"))} is ignored, the template alone gives names`,
          ],
  };
}

export function selects({ selectors }: HostnameGenerator, kind: ServiceKind, labels: Labels): boolean {
  const wanted = selectors.get(kind);
  return wanted !== undefined && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** The name it gives to a service, or why it gives none, in the words of Kuma. `zone`: the own one. */
export function renderHostname(
  generator: HostnameGenerator,
  service: Omit<NamedService, "creationTime">,
  zone: string,
): Result<string, string> {
  const rendered = renderUncheckedHostname(generator, service, zone);
  if (!rendered.ok) return rendered;
  const errors = dns1123SubdomainErrors(rendered.value);
  if (errors.length === 0) return rendered;
  return err(`generated hostname ${goQuote(rendered.value)} is not a valid DNS name: ${errors.join(", ")}`);
}

/** The same, whether or not it can be a name of DNS: zones of older versions gave names that cannot. */
export function renderUncheckedHostname(
  { template }: HostnameGenerator,
  { name, mesh, labels }: Omit<NamedService, "creationTime">,
  zone: string,
): Result<string, string> {
  if (!template.ok) return err(`failed compiling gotemplate error=${goQuote(template.error)}`);
  const rendered = renderTemplate(template.value, {
    fields: {
      Name: name,
      DisplayName: labels[DISPLAY_NAME_LABEL] ?? name,
      Namespace: labels[NAMESPACE_LABEL] ?? "",
      Mesh: mesh,
      Zone: labels[ZONE_LABEL] || zone,
    },
    label: (key) => (Object.hasOwn(labels, key) ? labels[key] : undefined),
    typeName: TYPE_NAME,
  });
  if (!rendered.ok)
    return err(`pre evaluation of template with parameters failed with error=${goQuote(rendered.error)}`);
  return ok(rendered.value);
}
