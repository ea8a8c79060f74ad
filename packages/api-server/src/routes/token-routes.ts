/**
 * `POST /tokens/{dataplane,zone,user}`: the bare token. The order of right and validation differs between the kinds, as in
 * Kuma. Source: kuma v2.14.3: pkg/tokens/builtin/server, pkg/plugins/authn/api-server/tokens/ws/server.
 */
import type { KeyFailure, User } from "@isthmus/identity";
import type { Violation } from "@isthmus/resources";
import { err, goDurationToMs, ok, parseGoDuration, parseJson, type Result } from "@isthmus/std";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { z } from "zod";
import { accessDenied, accessRefusal, DEFAULT_ACCESS, isAllowed } from "../access/access-rules.ts";
import { sendText } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { type Failure, invalid, sendFailure } from "../failure.ts";
import type { TokenApi } from "../token-api.ts";
import { afterSigningKeys } from "./after-signing-keys.ts";
import { isJson } from "./content-type.ts";
import { dataplaneTokenRequestSchema, userTokenRequestSchema, zoneTokenRequestSchema } from "./token-request.ts";

/** A request that was understood: when it is not allowed, and what comes of it. */
interface Order {
  readonly refusals: readonly (Failure | undefined)[];
  issue(): Promise<Result<string, KeyFailure>>;
}

type Prepare = (body: unknown, user: User) => Order | "unreadable";

/** Tokens without an end are not issued, but almost. */
const DEFAULT_VALIDITY = "87600h";
const PROXY_TYPES = ["dataplane", "ingress", "egress"];
const BODY_LIMIT_BYTES = 64 * 1024;
const DISABLED: Failure = {
  status: 400,
  title: "Could not issue a token",
  detail: "issuing tokens using the control plane is disabled.",
};

export function addTokenRoutes(server: FastifyInstance, context: ApiContext, tokens: TokenApi): void {
  const { access = DEFAULT_ACCESS } = context;
  const { issuer } = tokens;

  post("dataplane", tokens.issuesDataplaneTokens, (body, user) => {
    const request = read(dataplaneTokenRequestSchema, body);
    if (request === undefined) return "unreadable";
    const { name, mesh, tags, type, workload } = request;
    const validFor = parseValidity(request.validFor);
    const violations = [
      ...(mesh ? [] : [empty("mesh")]),
      ...(validFor.ok ? [] : [validFor.error]),
      ...(type && !PROXY_TYPES.includes(type) ? [{ field: "type", reason: `${type} is not a valid proxy type` }] : []),
    ];
    const allowed = Object.entries(tags ?? {}).map(([key, values]) => [key, values ?? []] as const);
    const identity = {
      name: name ?? "",
      mesh: mesh ?? "",
      tags: Object.fromEntries(allowed),
      type: type ?? "",
      workload: workload ?? "",
    };
    return {
      refusals: [
        invalidRequest(violations),
        accessRefusal(access, "generateDpToken", user, "generate dataplane token"),
      ],
      issue: () => issuer.dataplane(identity, validFor.ok ? validFor.value : 0),
    };
  });

  post("zone", tokens.issuesZoneTokens, (body, user) => {
    const request = read(zoneTokenRequestSchema, body);
    if (request === undefined) return "unreadable";
    const { zone, scope } = request;
    const validFor = parseValidity(request.validFor);
    const violations = [...(scope ? [] : [empty("scope")]), ...(validFor.ok ? [] : [validFor.error])];
    return {
      refusals: [
        accessRefusal(access, "generateZoneToken", user, `generate zone token for zone '${zone ?? ""}'`),
        invalidRequest(violations),
      ],
      issue: () => issuer.zone({ zone: zone ?? "", scope: scope ?? null }, validFor.ok ? validFor.value : 0),
    };
  });

  if (tokens.hasUserTokens === false) return;
  post("user", tokens.issuesUserTokens, (body, user) => {
    const refusal = isAllowed(access.generateUserToken, user) ? undefined : accessDenied("action not allowed");
    const request = read(userTokenRequestSchema, body);
    if (request === undefined && refusal === undefined) return "unreadable";
    const { name, groups, validFor: text } = request ?? {};
    const validFor = parseValidity(text);
    const isNothing = validFor.ok && validFor.value === 0;
    const violations = [
      ...(name ? [] : [empty("name")]),
      ...(text ? [] : [empty("validFor")]),
      ...(validFor.ok ? [] : [validFor.error]),
      ...(text && (isNothing || !validFor.ok) ? [{ field: "validFor", reason: "cannot be empty or nil" }] : []),
    ];
    return {
      refusals: [refusal, invalidRequest(violations)],
      issue: () => issuer.user({ name: name ?? "", groups: groups ?? null }, validFor.ok ? validFor.value : 0),
    };
  });

  function post(kind: string, isEnabled: boolean | undefined, prepare: Prepare): void {
    const options = { bodyLimit: BODY_LIMIT_BYTES, config: { access: "own" }, ...afterSigningKeys(context) } as const;
    server.post(`/tokens/${kind}`, options, async (request, reply) => {
      if (!isJson(request)) return sendText(reply, 415, "415: Unsupported Media Type");
      const order = prepare(request.body, request.user);
      if (order === "unreadable") return reply.code(400).send();
      const refusal = order.refusals.find((failure) => failure !== undefined);
      if (refusal !== undefined) return sendFailure(reply, refusal);
      if (isEnabled === false) return sendFailure(reply, DISABLED);
      const issued = await order.issue();
      return issued.ok ? sendToken(reply, issued.value) : sendFailure(reply, failureOfKey(issued.error));
    });
  }
}

function read<S extends z.ZodType>(schema: S, body: unknown): z.output<S> | undefined {
  const json = parseJson(typeof body === "string" ? body : "");
  const parsed = json.ok ? schema.safeParse(json.value) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
}

/** Milliseconds. */
function parseValidity(text: string | null | undefined): Result<number, Violation> {
  const parsed = parseGoDuration(text ? text : DEFAULT_VALIDITY);
  return parsed.ok
    ? ok(goDurationToMs(parsed.value))
    : err({ field: "validFor", reason: `is invalid: ${parsed.error}` });
}

const empty = (field: string): Violation => ({ field, reason: "cannot be empty" });

function invalidRequest(violations: readonly Violation[]): Failure | undefined {
  return violations.length === 0 ? undefined : invalid("Invalid request", violations);
}

/** A secret that is no key is a mistake of an administrator, who is told which; its content is never shown. */
function failureOfKey({ kind, detail }: KeyFailure): Failure {
  return kind === "not-found"
    ? { status: 404, title: "Signing Key not found", detail }
    : { status: 500, title: "Could not issue a token", detail };
}

/** Without a charset. */
function sendToken(reply: FastifyReply, token: string): FastifyReply {
  return reply
    .code(200)
    .header("content-type", "text/plain")
    .header("cache-control", "no-store")
    .send(Buffer.from(token));
}
