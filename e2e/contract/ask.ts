/** A recorded request put to a control plane of ours, and how its answer differs from the recorded one. */
import { isJsonObject, type JsonValue } from "@isthmus/std";
import { type Comparison, type Difference, differences } from "./difference.ts";
import type { Recording } from "./recording.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

export async function ask(port: number, { request }: Recording, adminToken: string): Promise<Answer> {
  const { method, path, as, body } = request;
  const authorization = { admin: `Bearer ${adminToken}`, invalid: "Bearer nonsense", anonymous: undefined }[as];
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    redirect: "manual",
    headers: {
      accept: "application/json",
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    text: await response.text(),
  };
}

export function answerDifferences({ response }: Recording, answer: Answer): readonly Difference[] {
  const found: Difference[] = [];
  const same = (place: string, expected: unknown, actual: unknown): void => {
    if (expected !== actual) {
      found.push({ place, text: `${place}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}` });
    }
  };
  same("status", response.status, answer.status);
  same("content-type", response.contentType, answer.contentType);
  const compareJson = (expected: JsonValue, actual: JsonValue | undefined, by: Comparison = "values"): void => {
    if (actual === undefined) same("body", expected, answer.text);
    else found.push(...differences(expected, actual, by));
  };
  const { json, text, extract, jwtHeader, jwtClaims } = response;
  if (json !== undefined) compareJson(json, parse(answer.text));
  else if (extract !== undefined) compareJson(extract, pageExtract(answer.text));
  else if (jwtHeader !== undefined && jwtClaims !== undefined) {
    const [header, claims] = answer.text.split(".").map((part) => parse(Buffer.from(part, "base64url").toString()));
    compareJson(jwtHeader, header);
    // Times are numbers that differ from run to run; the members that do not are compared by their kind as well.
    compareJson(withoutTimes(jwtClaims), claims === undefined ? undefined : withoutTimes(claims));
    compareJson(jwtClaims, claims, "shape");
  } else same("body", text, answer.text);
  return found;
}

/** What the pages of the GUI are told. */
function pageExtract(page: string): JsonValue | undefined {
  const baseHref = /<base href="([^"]*)"/.exec(page)?.[1];
  const kumaConfig = /<script[^>]*id="kuma-config"[^>]*>([^<]*)<\/script>/.exec(page)?.[1];
  const config = kumaConfig === undefined ? undefined : parse(kumaConfig);
  return baseHref === undefined || config === undefined ? undefined : { baseHref, kumaConfig: config };
}

function withoutTimes(claims: JsonValue): JsonValue {
  if (!isJsonObject(claims)) return claims;
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !["exp", "nbf", "iat"].includes(name)));
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
