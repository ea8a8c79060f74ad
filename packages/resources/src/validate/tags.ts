/**
 * Tag sets of proxies and selectors over them. Keys are visited in order, and every check is on its own, so one tag may
 * break several rules. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go.
 */
import type { Violations } from "../violation.ts";
import { key } from "./primitives.ts";

export const SERVICE_TAG = "kuma.io/service";
export const PROTOCOL_TAG = "kuma.io/protocol";
export const ZONE_TAG = "kuma.io/zone";

const NAME = /^[a-zA-Z0-9.\-_:/]*$/;
const VALUE = /^[a-zA-Z0-9.\-_:]*$/;
const SELECTOR_VALUE = /^([a-zA-Z0-9.\-_:/]*|\*)$/;

/** Of any characters that a name may have, or none. */
export const isTagName = (text: string): boolean => NAME.test(text);

export interface TagRules {
  readonly needsOne?: boolean;
  readonly needsService?: boolean;
  /** Looks at the tags as a whole, before each of them is looked at. */
  readonly checkAll?: (tags: ReadonlyMap<string, string>, path: string, found: Violations) => void;
  /** Why no tag may be called so. */
  readonly nameError?: (name: string) => string | undefined;
}

/** Tags that a proxy carries. */
export function checkTags(
  tags: ReadonlyMap<string, string>,
  path: string,
  found: Violations,
  rules: TagRules = {},
): void {
  check(tags, path, found, rules, (value) =>
    VALUE.test(value) ? undefined : "tag value must consist of alphanumeric characters, dots, dashes and underscores",
  );
}

/** Tags that select: a value may also be `*` or hold slashes. */
export function checkSelector(
  tags: ReadonlyMap<string, string>,
  path: string,
  found: Violations,
  rules: TagRules = {},
): void {
  check(tags, path, found, rules, (value) =>
    SELECTOR_VALUE.test(value)
      ? undefined
      : 'tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
  );
}

function check(
  tags: ReadonlyMap<string, string>,
  path: string,
  found: Violations,
  rules: TagRules,
  valueError: (value: string) => string | undefined,
): void {
  if (rules.needsOne === true && tags.size === 0) found.add(path, "must have at least one tag");
  rules.checkAll?.(tags, path, found);
  for (const [name, value] of tags) {
    const field = key(path, name);
    if (name === "") found.add(path, "tag name must be non-empty");
    if (!isTagName(name)) {
      found.add(field, "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores");
    }
    const nameError = rules.nameError?.(name);
    if (nameError !== undefined) found.add(field, nameError);
    if (value === "") found.add(field, "tag value must be non-empty");
    const error = valueError(value);
    if (error !== undefined) found.add(field, error);
  }
  if (rules.needsService === true && !tags.has(SERVICE_TAG)) {
    found.add(path, `mandatory tag "${SERVICE_TAG}" is missing`);
  }
}
