/**
 * Rules of a VirtualOutbound: its templates are rendered with made-up tags, which have to give a host name and a port.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/virtual_outbound_{validator,helpers}.go.
 */
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { HAS_TO_BE_DEFINED } from "./flat-amounts.ts";
import { goQuote } from "./go-quote.ts";
import { GO_FUNCTIONS, parseTemplate, renderTemplate } from "./go-template.ts";
import { isDnsName } from "./host.ts";
import { messageAt, objectsAt, textAt } from "./json-access.ts";
import { isPort } from "./primitives.ts";
import { ANY_TAG, checkSelectors } from "./selectors.ts";
import { isTagName, SERVICE_TAG } from "./tags.ts";

const PARAMETER_NAME = /^[a-zA-Z0-9]+$/;
const INT64_MAX = 9_223_372_036_854_775_807n;

export function validateVirtualOutbound({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "selectors", ANY_TAG, found);
  const conf = messageAt(spec, "conf");
  if (conf === undefined) {
    found.add("conf", HAS_TO_BE_DEFINED);
    return found.list;
  }
  const parameters = objectsAt(conf, "parameters");
  checkParameters(parameters, "conf.parameters", found);
  const check = (name: "host" | "port", error: (template: string) => string | undefined): void => {
    const template = textAt(conf, name);
    const reason = template === "" ? undefined : error(template);
    if (template === "") found.add(`conf.${name}`, HAS_TO_BE_DEFINED);
    else if (reason !== undefined) {
      found.add(`conf.${name}`, `template pre evaluation failed with error=${goQuote(reason)}`);
    }
  };
  check("host", (template) => hostError(template, parameters));
  check("port", (template) => portError(template, parameters));
  return found.list;
}

function checkParameters(parameters: readonly JsonObject[], path: string, found: Violations): void {
  const names = new Set<string>();
  for (const [index, parameter] of parameters.entries()) {
    const name = textAt(parameter, "name");
    const tagKey = textAt(parameter, "tagKey");
    const field = at(path, index);
    if (names.has(name)) found.add(`${field}.name`, "name is already used");
    names.add(name);
    if (!isTagName(tagKey)) found.add(`${field}.tagKey`, "must be a valid tag name");
    else if (tagKey === "" && !isTagName(name)) {
      found.add(`${field}.name`, "must be a valid tag name if you are not setting tagKey");
    }
    if (!PARAMETER_NAME.test(name)) {
      found.add(`${field}.name`, "must consist of alphanumeric characters to be used as a gotemplate key");
    }
  }
  if (!parameters.some((parameter) => textAt(parameter, "tagKey") === SERVICE_TAG)) {
    found.add(path, `must contain a parameter with ${SERVICE_TAG} as a tagKey`);
  }
}

function hostError(template: string, parameters: readonly JsonObject[]): string | undefined {
  const host = evaluate(template, parameters, "dummy");
  if (!host.ok) return host.error;
  if (isDnsName(host.value)) return undefined;
  return `evaluation of template with parameters didn't return a valid dns name result=${goQuote(host.value)}`;
}

function portError(template: string, parameters: readonly JsonObject[]): string | undefined {
  const text = evaluate(template, parameters, "1");
  if (!text.ok) return text.error;
  const port = parseInt64(text.value);
  if (port === undefined) {
    return `evaluation of template with parameters didn't evaluate to a parsable number result=${goQuote(text.value)}`;
  }
  if (isPort(Number(port))) return undefined;
  return `evaluation of template returned a port outside of the range [1..65535] result=${port}`;
}

/** Every parameter stands for the same text. */
function evaluate(text: string, parameters: readonly JsonObject[], tagValue: string): Result<string, string> {
  const template = parseTemplate(text, GO_FUNCTIONS);
  if (!template.ok) return err(`failed compiling gotemplate error=${goQuote(template.error)}`);
  const fields = new Map(parameters.map((parameter) => [textAt(parameter, "name"), tagValue]));
  const rendered = renderTemplate(template.value, { fields, label: () => undefined });
  if (rendered.ok) return ok(rendered.value);
  return err(`pre evaluation of template with parameters failed with error=${goQuote(rendered.error)}`);
}

/** As Go's `strconv.ParseInt` with base 10. */
function parseInt64(text: string): bigint | undefined {
  const [, sign = "", digits = ""] = /^([+-]?)0*(\d{1,19})$/.exec(text) ?? [];
  if (digits === "") return undefined;
  const number = sign === "-" ? -BigInt(digits) : BigInt(digits);
  return number <= INT64_MAX && number >= -INT64_MAX - 1n ? number : undefined;
}
