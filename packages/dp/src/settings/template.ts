/**
 * Variables in the template of a resource: `{{name}}`, and `{{ name }}`; a name that nothing is given for is empty. What else mustache has
 * is refused, since a file that silently means something else is worse. Source: kuma v2.14.3: pkg/util/template/render.go.
 */
import { err, ok, type Result } from "@isthmus/std";

const TAG = /\{\{\{\s*(?<raw>[^{}]*?)\s*\}\}\}|\{\{(?<sigil>[#^/>!&=]?)\s*(?<name>[^{}]*?)\s*\}\}/g;

export function renderTemplate(text: string, variables: ReadonlyMap<string, string>): Result<string, string> {
  const unsupported: string[] = [];
  const rendered = text.replaceAll(TAG, (tag: string, ...rest: unknown[]) => {
    const { raw, sigil, name } = rest.at(-1) as {
      readonly raw?: string;
      readonly sigil?: string;
      readonly name?: string;
    };
    if (sigil === "!") return "";
    if (sigil !== undefined && sigil !== "" && sigil !== "&") unsupported.push(tag);
    return variables.get(raw ?? name ?? "") ?? "";
  });
  return unsupported.length > 0
    ? err(`only variables are taken in a template, not ${unsupported.join(", ")}`)
    : ok(rendered);
}
