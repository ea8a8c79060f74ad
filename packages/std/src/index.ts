export { Backoff, type BackoffOptions } from "./backoff.ts";
export { base64PrefixLength, isBase64 } from "./base64.ts";
export { type Clock, sleep, systemClock, type TimerHandle } from "./clock.ts";
export { type Fnv1a64, fnv1a64, fnv1a64Hex } from "./fnv1a.ts";
export { formatGoDuration, goDurationToMs, parseGoDuration } from "./go-duration.ts";
export { inSlices } from "./in-slices.ts";
export {
  canonicalJson,
  isJsonObject,
  JSON_MAX_DEPTH,
  type JsonObject,
  type JsonValue,
  jsonEquals,
  parseJson,
} from "./json.ts";
export { type Random, systemRandom } from "./random.ts";
export { assertNever, err, errorMessage, ok, type Result } from "./result.ts";
export { type Service, ServiceGroup, ServiceStartError } from "./service.ts";
export { WeakValues } from "./weak-values.ts";
