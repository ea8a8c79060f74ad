/**
 * Who asks, before any route: this machine, a bearer token, a client certificate, or nobody in particular. And what nobody
 * in particular may not do. Source of the order: kuma v2.14.3: pkg/api-server/server.go, pkg/plugins/authn/api-server.
 */
import { TLSSocket } from "node:tls";
import { ADMIN, ANONYMOUS, authenticated, isAnonymous, type User, userText } from "@isthmus/identity";
import { goQuote } from "@isthmus/resources";
import type { Result } from "@isthmus/std";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Failure, sendFailure } from "../failure.ts";
import { templateOf } from "../routes/request-url.ts";
import { accessDenied } from "./access-rules.ts";
import { isFromThisMachine } from "./local-request.ts";

export interface Authentication {
  /** `apiServer.authn.localhostIsAdmin`. Default true. */
  readonly localhostIsAdmin?: boolean;
  /** The user of a token, or why it does not count. Left out: tokens are not looked at. */
  readonly token?: (token: string) => Promise<Result<User, string>>;
  /** Whoever has a client certificate that the server trusts is an administrator. */
  readonly clientCertificateIsAdmin?: boolean;
  /** Kuma's way: whoever reaches the port may write everything but secrets. Default false. */
  readonly anonymousWrites?: boolean;
}

/** A request that was turned away because of who made it, or how many he made. */
export interface Refusal {
  readonly status: number;
  /** `name/groups` */
  readonly user: string;
  readonly address: string;
  readonly method: string;
  /** Template of the route, "" where none matched. */
  readonly route: string;
  /** What the client is not told: why its token does not count. */
  readonly reason?: string;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks. */
    user: User;
    refusalReason: string | undefined;
  }
  interface FastifyContextConfig {
    /**
     * `open`: tokens are not looked at. `read`: changes nothing, whatever its method. `own`: the route has a right of its
     * own, which decides alone.
     */
    readonly access?: "open" | "read" | "own";
  }
}

const BEARER = "Bearer ";
const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const REFUSED: ReadonlySet<number> = new Set([401, 403, 429]);
const UNAUTHENTICATED: Failure = { status: 401, title: "Invalid authentication data", detail: "Unauthenticated" };

export function addAuthentication(server: FastifyInstance, options: Authentication): void {
  server.decorateRequest("user");
  server.decorateRequest("refusalReason");
  // With `done`: what needs no token is decided in the same turn, so that answers keep the order of requests.
  server.addHook("onRequest", (request, reply, done) => {
    const isLocal = isFromThisMachine({ address: request.socket.remoteAddress, headers: request.headers });
    const token = isLocal && options.localhostIsAdmin !== false ? undefined : bearerToken(request, options);
    if (token === undefined) return admit(userWithoutToken(request, options, isLocal));
    token.then((user) => (user.ok ? admit(authenticated(user.value)) : refuse(user.error)), done);

    function admit(user: User): void {
      request.user = user;
      const isOpen = options.anonymousWrites === true || isLocal || !isAnonymous(user) || !isWrite(request);
      if (isOpen) done();
      else void sendFailure(reply, anonymousWrite(request));
    }

    function refuse(reason: string): void {
      request.refusalReason = reason;
      void sendFailure(reply, UNAUTHENTICATED);
    }
  });
}

/** Tells of every refusal, whichever route made it. */
export function observeRefusals(server: FastifyInstance, onRefusal: (refusal: Refusal) => void): void {
  server.addHook("onResponse", (request, reply, done) => {
    if (REFUSED.has(reply.statusCode)) onRefusal(refusalOf(request, reply.statusCode));
    done();
  });
}

function refusalOf(request: FastifyRequest, status: number): Refusal {
  const { user, method, refusalReason: reason } = request;
  return {
    status,
    user: userText(user),
    address: addressOf(request),
    method,
    route: request.is404 ? "" : templateOf(request),
    ...(reason === undefined ? {} : { reason }),
  };
}

export const addressOf = (request: FastifyRequest): string => request.socket.remoteAddress ?? "";

function userWithoutToken(request: FastifyRequest, options: Authentication, isLocal: boolean): User {
  const isTrusted = options.clientCertificateIsAdmin === true && hasTrustedCertificate(request);
  return isTrusted || (isLocal && options.localhostIsAdmin !== false) ? authenticated(ADMIN) : ANONYMOUS;
}

/** Undefined: there is none to look at. */
function bearerToken(request: FastifyRequest, { token }: Authentication): Promise<Result<User, string>> | undefined {
  const { authorization = "" } = request.headers;
  if (token === undefined || !authorization.startsWith(BEARER) || isOpenToAll(request)) return undefined;
  return token(authorization.slice(BEARER.length));
}

/** Clients with a token that no longer counts must still find out whom they talk to. */
function isOpenToAll({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.access === "open";
}

function hasTrustedCertificate({ socket }: FastifyRequest): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerX509Certificate() !== undefined;
}

function isWrite({ method, is404, routeOptions }: FastifyRequest): boolean {
  return !READS.has(method) && !is404 && routeOptions.config.access === undefined;
}

function anonymousWrite(request: FastifyRequest): Failure {
  const who = `user ${goQuote(userText(request.user))} cannot write from ${addressOf(request)}`;
  return accessDenied(`${who}: send the token of a user (the setting access.anonymousWrites lifts this)`);
}
