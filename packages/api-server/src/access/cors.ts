/**
 * Pages from elsewhere: none may read answers, unless `apiServer.corsAllowedDomains` has their origin. An entry is an
 * origin, or a regular expression of all of it. Cookies and certificates are never allowed. That a page may ask does not make
 * it an administrator: a page from elsewhere is never this machine.
 */
import type { FastifyInstance } from "fastify";
import { sendText } from "../answer.ts";

const METHODS = "GET, HEAD, PUT, POST, DELETE";
const PREFLIGHT_MAX_AGE_SECONDS = "600";

export function addCors(server: FastifyInstance, allowedDomains: readonly string[]): void {
  if (allowedDomains.length === 0) return;
  const patterns = allowedDomains.map(patternOf);
  const isAllowed = (origin: string): boolean =>
    allowedDomains.some((domain) => domain.toLowerCase() === origin.toLowerCase()) ||
    patterns.some((pattern) => pattern?.test(origin) === true);

  server.addHook("onRequest", (request, reply, done) => {
    void reply.header("vary", "origin");
    const { origin } = request.headers;
    if (origin === undefined || !isAllowed(origin)) return done();
    void reply.header("access-control-allow-origin", origin);
    void reply.header("access-control-expose-headers", "Access-Control-Allow-Origin");
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return done();
    void reply.header("access-control-allow-methods", METHODS);
    void reply.header("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "");
    void reply.header("access-control-max-age", PREFLIGHT_MAX_AGE_SECONDS);
    void sendText(reply, 200, "");
  });
}

/** Undefined where it is no regular expression: then it is an origin, or nothing. */
function patternOf(domain: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${domain})$`, "i");
  } catch {
    return undefined;
  }
}
