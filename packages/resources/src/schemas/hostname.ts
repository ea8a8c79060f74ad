/**
 * What hostname generators leave in the status of a destination.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/api/v1alpha1.
 */
import { conditions } from "./condition.ts";
import { alwaysEmitted, arrayOf, object, omitEmpty, required, text } from "./shape.ts";

const hostnameGeneratorRef = object({ coreName: required(text) });

export const addresses = arrayOf(
  object({
    hostname: omitEmpty(text),
    origin: omitEmpty(text),
    hostnameGeneratorRef: alwaysEmitted(hostnameGeneratorRef),
  }),
);

export const hostnameGenerators = arrayOf(
  object({ hostnameGeneratorRef: required(hostnameGeneratorRef), conditions: omitEmpty(conditions) }),
);

export const vip = object({ ip: omitEmpty(text) });
