/**
 * The lists that targetRef policies share: `to` and `from` of `{targetRef, default}`, `rules` of `{matches, default}`. Each
 * policy puts its spec together from those it has, in the order in which Kuma prints them.
 * Source: kuma v2.14.3: pkg/plugins/policies/<policy>/api/v1alpha1/<policy>.go.
 */
import type { ObjectSchema, Property } from "../schema.ts";
import { match } from "./match.ts";
import { alwaysEmitted, arrayOf, object, optional, required } from "./shape.ts";
import { targetRef } from "./target-ref.ts";

/** `targetRef`, then what the policy has beside it. */
export const policySpec = (members: Readonly<Record<string, Property>>): ObjectSchema =>
  object({ targetRef: optional(targetRef), ...members });

/** `to` or `from` with a configuration that may be left out; `{}` is printed then. */
export const targetItems = (conf: ObjectSchema): Property => targetItemsWith({ default: alwaysEmitted(conf) });

/** `to` or `from` whose items hold something else than an optional `default`. */
export const targetItemsWith = (members: Readonly<Record<string, Property>>, minItems?: number): Property =>
  optional(arrayOf(object({ targetRef: required(targetRef), ...members }), minItems));

/** `rules` that are the same for all clients. */
export const plainRules = (conf: Property): Property => optional(arrayOf(object({ default: conf })));

/** `rules` that may ask for certain clients or server names. */
export const matchedRules = (conf: Property): Property =>
  optional(arrayOf(object({ matches: optional(arrayOf(match)), default: conf })));
