/**
 * Our readings of Go's little languages against the answers of Go 1.26 itself: text/template (with Kuma's stub values),
 * regexp, strconv.Quote, url.ParseRequestURI, url.Parse and net.SplitHostPort, and of govalidator.IsURL.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goQuote } from "./go-quote.ts";
import { goRegexpError } from "./go-regexp.ts";
import { parseTemplate, renderTemplate } from "./go-template.ts";
import { parseRequestUri, parseUrl, splitHostPort } from "./go-url.ts";
import { isUrl } from "./loose-url.ts";

interface Answers {
  readonly templates: readonly (readonly [text: string, kind: "text" | "error", answer: string])[];
  readonly regexps: readonly (readonly [expression: string, error: string | null])[];
  readonly quotes: readonly (readonly [text: string, quoted: string])[];
  readonly uris: readonly (readonly [text: string, port: string | null])[];
  readonly references: readonly (readonly [text: string, parts: string | null])[];
  readonly urls: readonly (readonly [text: string, isUrl: boolean])[];
  readonly hostPorts: readonly (readonly [text: string, parts: string | null])[];
}

const answers = JSON.parse(readFileSync(new URL("../../testdata/go-answers.json", import.meta.url), "utf8")) as Answers;

const STUB = {
  fields: { Name: "name", DisplayName: "displayname", Namespace: "namespace", Mesh: "mesh", Zone: "zone" },
  label: (key: string) => (key === "none" ? undefined : "label"),
};

function answerOf(text: string): readonly ["text" | "error", string] {
  const template = parseTemplate(text);
  if (!template.ok) return ["error", template.error];
  const rendered = renderTemplate(template.value, STUB);
  return rendered.ok ? ["text", rendered.value] : ["error", rendered.error];
}

describe("Go", () => {
  it.each(answers.templates)("renders %j", (text, kind, answer) => {
    expect(answerOf(text)).toEqual([kind, answer]);
  });

  it.each([
    "{{ 1 }}",
    "{{ 'a' }}",
    "{{ nil }}",
    "{{ $x := .Name }}{{ $x }}",
    "{{ range .Name }}{{ end }}",
    '{{ define "x" }}{{ end }}',
    '{{ template "x" }}',
    "{{ break }}",
    "{{ html .Name }}",
    "{{ index .Name 0 }}",
  ])("knows more than we do: %j is refused by name", (text) => {
    expect(answerOf(text)).toEqual(["error", expect.stringMatching(/ is not supported| not defined$/)]);
  });

  it.each(answers.regexps)("compiles %j", (expression, error) => {
    expect(goRegexpError(expression) ?? null).toBe(error);
  });

  it.each(answers.quotes)("quotes %j", (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });

  it.each(answers.uris)("reads the URI %j", (text, port) => {
    const uri = parseRequestUri(text);
    expect(uri === undefined ? null : `port:${uri.port}`).toBe(port);
  });

  it.each(answers.references)("reads the reference %j", (text, expected) => {
    const url = parseUrl(text);
    const parts = url && [url.scheme, url.opaque, url.hasUser, url.host, url.port, url.query];
    expect(parts?.join("|") ?? null).toBe(expected);
  });

  it.each(answers.urls)("takes %j for a URL or not", (text, expected) => {
    expect(isUrl(text)).toBe(expected);
  });

  it.each(answers.hostPorts)("splits %j", (text, expected) => {
    const parts = splitHostPort(text);
    expect(parts === undefined ? null : `${parts.host}|${parts.port}`).toBe(expected);
  });
});
