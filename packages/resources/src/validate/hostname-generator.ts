/**
 * Rules of a HostnameGenerator: its template is rendered with made-up values, which have to give a host name.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/api/v1alpha1/validate.go.
 */
import { dns1123SubdomainErrors } from "../kubernetes-names.ts";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { parseTemplate, renderTemplate, type TemplateData } from "./go-template.ts";
import { messageAt, objectAt, textAt } from "./json-access.ts";
import { MUST_NOT_BE_EMPTY } from "./primitives.ts";

const SELECTORS = ["meshService", "meshExternalService", "meshMultiZoneService"] as const;

const STUB: TemplateData = {
  fields: { Name: "name", DisplayName: "displayname", Namespace: "namespace", Mesh: "mesh", Zone: "zone" },
  label: () => "label",
};

export function validateHostnameGenerator({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const selector = objectAt(spec, "selector");
  if (SELECTORS.filter((name) => messageAt(selector, name) !== undefined).length !== 1) {
    found.add("spec.selector", "exact one selector (meshService, meshExternalService) must be defined");
  }
  const error = templateError(textAt(spec, "template"));
  if (error !== undefined) found.add("spec.template", error);
  const extension = messageAt(spec, "extension");
  if (extension !== undefined && textAt(extension, "type") === "") {
    found.add("spec.extension.type", MUST_NOT_BE_EMPTY);
  }
  return found.list;
}

function templateError(text: string): string | undefined {
  if (text === "") return MUST_NOT_BE_EMPTY;
  const template = parseTemplate(text);
  if (!template.ok) return `couldn't parse template: ${template.error}`;
  const rendered = renderTemplate(template.value, STUB);
  if (!rendered.ok) return `couldn't render template with stub values: ${rendered.error}`;
  const errors = dns1123SubdomainErrors(rendered.value);
  if (errors.length === 0) return undefined;
  return `template renders to ${goQuote(rendered.value)} which is not a valid DNS name: ${errors.join(", ")}`;
}
