/** What can be wrong with a token before anybody verifies it. Source: kuma v2.14.3: app/kuma-dp/pkg/config/validate.go. */
import { Buffer } from "node:buffer";
import { isJsonObject, parseJson } from "@isthmus/std";

/** Undefined: nothing. */
export function tokenProblem(token: string): string | undefined {
  if (token === "") return "it is empty";
  if (/[\0\r\n]/.test(token)) return "it has a line break within";
  const [header = "", claims = "", signature = "", ...more] = token.split(".");
  if (claims === "" || signature === "" || more.length > 0)
    return "it is no JWT, which has three parts with dots between";
  const read = parseJson(Buffer.from(header, "base64url").toString());
  if (!read.ok || !isJsonObject(read.value)) return "it is no JWT: its header is not readable";
  return typeof read.value["alg"] === "string" && read.value["alg"] !== "" ? undefined : "its header has no alg";
}
