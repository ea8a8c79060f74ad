/**
 * Rules of Kubernetes for names and labels with their texts, which reach users through Kuma's answers. Lengths count bytes.
 * Source: k8s.io/apimachinery v0.36: pkg/util/validation, pkg/api/validate/content.
 */

const LABEL_MAX_BYTES = 63;
const SUBDOMAIN_MAX_BYTES = 253;

const DNS_1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_1123_SUBDOMAIN = `${DNS_1123_LABEL}(\\.${DNS_1123_LABEL})*`;
const DNS_1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?";
const LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${LABEL_KEY})?`;

const IS_DNS_1123_LABEL = whole(DNS_1123_LABEL);
const IS_DNS_1035_LABEL = whole(DNS_1035_LABEL);
const IS_LABEL_KEY = whole(LABEL_KEY);
const IS_LABEL_VALUE = whole(LABEL_VALUE);

const LABEL_KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

export function dns1123LabelErrors(value: string): readonly string[] {
  const errors = lengthErrors(value, LABEL_MAX_BYTES, "characters");
  if (IS_DNS_1123_LABEL.test(value)) return errors;
  if (isDns1123Subdomain(value)) return [...errors, "must not contain dots"];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...errors, regexError(rule, DNS_1123_LABEL, "my-name", "123-abc")];
}

export function dns1123SubdomainErrors(value: string): readonly string[] {
  return subdomainErrors(value, "characters");
}

function subdomainErrors(value: string, unit: LengthUnit): readonly string[] {
  const errors = lengthErrors(value, SUBDOMAIN_MAX_BYTES, unit);
  if (isDns1123Subdomain(value)) return errors;
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...errors, regexError(rule, DNS_1123_SUBDOMAIN, "example.com")];
}

export function dns1035LabelErrors(value: string): readonly string[] {
  const errors = lengthErrors(value, LABEL_MAX_BYTES, "characters");
  if (IS_DNS_1035_LABEL.test(value)) return errors;
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...errors, regexError(rule, DNS_1035_LABEL, "my-name", "abc-123")];
}

/** Rules of a label key: a name, or `<DNS subdomain>/<name>`. */
export function qualifiedNameErrors(value: string): readonly string[] {
  const parts = value.split("/");
  const examples = ["MyName", "my.name", "123-abc"];
  if (parts.length > 2) {
    return [
      `a valid label key ${regexError(LABEL_KEY_RULE, LABEL_KEY, ...examples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const errors: string[] = [];
  if (prefix === "") errors.push("prefix part must be non-empty");
  else if (prefix !== undefined) errors.push(...subdomainErrors(prefix, "bytes").map((text) => `prefix part ${text}`));
  if (name === "") errors.push("name part must be non-empty");
  else errors.push(...lengthErrors(name, LABEL_MAX_BYTES, "bytes").map((text) => `name part ${text}`));
  if (!IS_LABEL_KEY.test(name)) errors.push(`name part ${regexError(LABEL_KEY_RULE, LABEL_KEY, ...examples)}`);
  return errors;
}

export function labelValueErrors(value: string): readonly string[] {
  const errors = lengthErrors(value, LABEL_MAX_BYTES, "bytes");
  if (IS_LABEL_VALUE.test(value)) return errors;
  const rule = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
  return [...errors, regexError(rule, LABEL_VALUE, "MyValue", "my_value", "12345")];
}

/** Unlike `dns1123SubdomainErrors`, without regard to length. By parts: one expression for all exhausts the stack. */
export function isDns1123Subdomain(value: string): boolean {
  return value.split(".").every((label) => IS_DNS_1123_LABEL.test(label));
}

/** Bytes of the UTF-8 form, which is what Go's `len` counts. */
export function byteLength(value: string): number {
  return Buffer.byteLength(value);
}

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

/** Bytes are what is counted, but texts about DNS names speak of characters. */
type LengthUnit = "characters" | "bytes";

function lengthErrors(value: string, maxBytes: number, unit: LengthUnit): string[] {
  return byteLength(value) > maxBytes ? [`must be no more than ${maxBytes} ${unit}`] : [];
}

function regexError(rule: string, pattern: string, ...examples: readonly string[]): string {
  return `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(" or ")}regex used for validation is '${pattern}')`;
}
