/** Rules of a MeshTrust. Source: kuma v2.14.3: pkg/core/resources/apis/meshtrust/api/v1alpha1/validator.go. */
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { messageAt, objectsAt, textAt } from "./json-access.ts";
import { pemBlocks } from "./pem.ts";
import { checkLength, MUST_BE_DEFINED, MUST_NOT_BE_EMPTY, plainChoice } from "./primitives.ts";

export const TRUST_DOMAIN_MAX_LENGTH = 253;
const BUNDLE_TYPE = "Pem";
const PRIVATE_KEY = /^(?:(?:RSA|EC|DSA|ENCRYPTED) )?PRIVATE KEY$/;

export function validateMeshTrust({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const bundles = objectsAt(spec, "caBundles");
  if (bundles.length === 0) found.add("spec.caBundles", MUST_NOT_BE_EMPTY);
  for (const [index, bundle] of bundles.entries()) {
    const path = at("spec.caBundles", index);
    const type = textAt(bundle, "type");
    const pem = messageAt(bundle, "pem");
    if (type !== BUNDLE_TYPE) found.add(member(path, "type"), plainChoice(type, [BUNDLE_TYPE]));
    else if (pem === undefined) found.add(member(path, "pem"), MUST_BE_DEFINED);
    else if (!isPemCertificate(textAt(pem, "value"))) {
      found.add(member(path, "pem.value"), "provided certificate has incorrect format");
    }
  }
  const trustDomain = textAt(spec, "trustDomain");
  if (trustDomain === "") found.add("spec.trustDomain", "trustDomain needs to be defined");
  checkLength(trustDomain, TRUST_DOMAIN_MAX_LENGTH, "spec.trustDomain", found);
  return found.list;
}

/** The origin moved to the status. */
export function trustDeprecations({ spec }: Resource): readonly string[] {
  return messageAt(spec, "origin") === undefined ? [] : ["setting spec.origin field is deprecated"];
}

/** Only the first block is looked at, and whether it is a key: nobody shall publish one. */
function isPemCertificate(text: string): boolean {
  const [first] = pemBlocks(text);
  return first !== undefined && !PRIVATE_KEY.test(first.type);
}
