/**
 * How many requests one client may make: a bucket of tokens for each address, that fills again with time. IPv6 clients
 * choose among addresses of a /64, so that counts as one. The loopback is not limited: who is there is at home, and a proxy
 * there stands for many.
 */
import { isIPv6 } from "node:net";
import type { Clock } from "@isthmus/std";
import type { FastifyInstance } from "fastify";
import { type Failure, sendFailure } from "../failure.ts";
import { addressOf } from "./authentication.ts";
import { loopbackHost } from "./local-request.ts";

export interface RateLimit {
  /** How fast a bucket fills; 0: no limit. */
  readonly requestsPerSecond: number;
  /** How many fit into a bucket: what may come at once. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** Monotonic, ms. */
  filledAt: number;
}

const BUCKETS_MAX = 10_000;

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** In order of use: the one that waited longest first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes one; undefined when there was one, otherwise seconds until there is. */
  take(address: string): number | undefined {
    const { requestsPerSecond, burst } = this.#limit;
    const client = clientOf(address);
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(client) ?? { tokens: burst, filledAt: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * requestsPerSecond);
    const isAllowed = tokens >= 1;
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens: isAllowed ? tokens - 1 : tokens, filledAt: now });
    this.#forget();
    return isAllowed ? undefined : (1 - tokens) / requestsPerSecond;
  }

  get clients(): number {
    return this.#buckets.size;
  }

  /** A client that is forgotten starts with a full bucket, so this must take many addresses to bring about. */
  #forget(): void {
    for (const client of this.#buckets.keys()) {
      if (this.#buckets.size <= BUCKETS_MAX) return;
      this.#buckets.delete(client);
    }
  }
}

export function addRateLimit(server: FastifyInstance, limit: RateLimit | undefined, clock: Clock): void {
  if (limit === undefined || limit.requestsPerSecond === 0) return;
  const limiter = new RateLimiter(limit, clock);
  server.addHook("onRequest", (request, reply, done) => {
    const address = addressOf(request);
    const waitSeconds = loopbackHost(address) === undefined ? limiter.take(address) : undefined;
    if (waitSeconds === undefined) return done();
    void reply.header("retry-after", Math.ceil(waitSeconds));
    void sendFailure(reply, tooManyRequests(address, limit));
  });
}

function tooManyRequests(address: string, { requestsPerSecond, burst }: RateLimit): Failure {
  const detail = `more than ${burst} requests at once or ${requestsPerSecond} each second from ${address}`;
  return { status: 429, title: "Too many requests", detail };
}

function clientOf(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith("::ffff:")) return address.replace(/^::ffff:/i, "");
  const bare = address.split("%")[0] ?? address;
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail === undefined) return groups.slice(0, 4).join(":");
  const rest = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
