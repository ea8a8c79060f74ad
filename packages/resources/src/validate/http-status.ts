/** Status codes of HTTP that have a name in Go, which Kuma asks. Source: net/http: status.go. */
import { STATUS_CODES } from "node:http";

/** Node knows one more than Go: 509, which is no standard. */
const UNKNOWN_TO_GO = "509";

/** The text as `strconv.Atoi` reads it: a sign and zeros in front are fine. */
export function isGoHttpStatus(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false;
  const code = String(Number(text));
  return code !== UNKNOWN_TO_GO && Object.hasOwn(STATUS_CODES, code);
}
