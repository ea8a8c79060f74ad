/** The REST server: one fastify instance, its limits, and what it answers where no route does. */
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Index } from "@isthmus/api";
import { ANONYMOUS } from "@isthmus/identity";
import { type Clock, errorMessage, type Service, systemClock } from "@isthmus/std";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
  type InjectOptions,
  type LightMyRequestResponse,
  type RouteOptions,
} from "fastify";
import { type Authentication, addAuthentication, observeRefusals, type Refusal } from "./access/authentication.ts";
import { addCors } from "./access/cors.ts";
import { addRateLimit, type RateLimit } from "./access/rate-limit.ts";
import { sendJson, sendText } from "./answer.ts";
import type { ApiContext } from "./api-context.ts";
import { BasePath } from "./base-path.ts";
import { answerClientError, refuseTunnel } from "./client-error.ts";
import { badRequest, internal, sendFailure } from "./failure.ts";
import type { Gui } from "./gui/gui.ts";
import { addGuiRoutes } from "./gui/gui-routes.ts";
import { BODY_LIMIT_BYTES, HTTP_LIMITS, MAX_HEADER_BYTES, REQUEST_TIMEOUT_MS } from "./http-limits.ts";
import { addGlobalInsightRoutes } from "./insights/global-insight-routes.ts";
import { addInspectRoutes } from "./inspect/inspect-routes.ts";
import { openApiDocument } from "./openapi/document.ts";
import { addOpenApiRoutes } from "./openapi/openapi-routes.ts";
import { addChangesRoute } from "./routes/changes-route.ts";
import { KnownPaths } from "./routes/known-paths.ts";
import { addKriRoute } from "./routes/kri-route.ts";
import { templateOf } from "./routes/request-url.ts";
import { resourceRoutes } from "./routes/resource-routes.ts";
import { addSyncRoutes } from "./routes/sync-routes.ts";
import { addSystemRoutes } from "./routes/system-routes.ts";
import { addTokenRoutes } from "./routes/token-routes.ts";
import { addTopologyRoutes } from "./routes/topology-routes.ts";
import { addTypeRoutes } from "./routes/type-routes.ts";
import { type ApiTls, TlsListener } from "./tls-listener.ts";

export interface ApiServerOptions extends ApiContext {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of plain HTTP; 0: any free one. Left out: there is none. */
  readonly port?: number;
  /** Left out: there is no TLS. */
  readonly tls?: ApiTls;
  /** In front of all paths but those of the GUI and `/tokens/user`. Default: nothing. */
  readonly basePath?: string;
  /** Left out: there is no `/gui`. */
  readonly gui?: Gui;
  /** Largest body of a request; bytes. */
  readonly bodyLimit?: number;
  /** How long `stop` waits for requests under way. */
  readonly drainMs?: number;
  readonly clock?: Clock;
  /** One call per answered request; `route` is the template, "" where none matched. */
  readonly onRequest?: (route: string, method: string, status: number, seconds: number, bytes: number) => void;
  /** One more request of the route is being answered, or one less; each comes with its opposite. */
  readonly onInFlight?: (route: string, change: 1 | -1) => void;
  readonly authentication?: Authentication;
  /** Left out: none. */
  readonly rateLimit?: RateLimit;
  /** Origins of pages that may read answers. */
  readonly corsAllowedDomains?: readonly string[];
  /** One call per request that was refused with 401, 403 or 429. */
  readonly onRefusal?: (refusal: Refusal) => void;
  /** An exception while answering: the client is told nothing but that. */
  readonly onError?: (error: unknown, route: string) => void;
}

/** The port cannot be had. The message names the setting to change. */
export class PortError extends Error {
  readonly code = "PORT";
}

const LOOPBACK = "127.0.0.1";
const DRAIN_MS = 2_000;
/** Names and meshes are checked by their own rules; this only lets long ones reach them. */
const PARAMETER_MAX = MAX_HEADER_BYTES;

export class ApiServer implements Service {
  readonly name = "api-server";
  readonly #options: ApiServerOptions;
  readonly #server: FastifyInstance;
  readonly #routes = new Map<string, Set<string>>();
  readonly #tls: TlsListener | undefined;
  #port: number;

  constructor(options: ApiServerOptions) {
    const { port = 0, tls } = options;
    this.#options = options;
    this.#port = port;
    this.#server = createServer(options, this.#routes);
    this.#tls =
      tls === undefined
        ? undefined
        : new TlsListener(tls, (request, response) => this.#server.routing(request, response));
  }

  /** The port of plain HTTP, once started. */
  get port(): number {
    return this.#port;
  }

  get tlsPort(): number {
    return this.#tls?.port ?? 0;
  }

  /** All there are once it has started or answered, with the names of parameters: `/meshes/:mesh`. */
  get routes(): readonly { readonly method: string; readonly url: string }[] {
    return [...this.#routes].flatMap(([url, methods]) => [...methods].map((method) => ({ method, url })));
  }

  async start(): Promise<void> {
    const { host, port, tls } = this.#options;
    await this.#server.ready();
    if (port !== undefined) {
      await listening({ host, port }, "apiServer.http.port", () =>
        this.#server.listen({ host: host ?? LOOPBACK, port }),
      );
      this.#port = (this.#server.server.address() as AddressInfo).port;
    }
    if (tls !== undefined) await listening(tls, "apiServer.https.port", async () => this.#tls?.start());
  }

  /** One request without a socket. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse> {
    return this.#server.inject(request);
  }

  /** Answers what has been asked, then closes. Requests that are still arriving after `drainMs` are cut off. */
  async stop(): Promise<void> {
    const { clock = systemClock, drainMs = DRAIN_MS } = this.#options;
    const timer = clock.setTimeout(() => {
      this.#server.server.closeAllConnections();
      this.#tls?.cutOff();
    }, drainMs);
    await Promise.all([this.#tls?.stop(), this.#server.close()]);
    timer.cancel();
  }
}

function createServer(options: ApiServerOptions, routes: Map<string, Set<string>>): FastifyInstance {
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT_BYTES;
  const basePath = new BasePath(options.basePath ?? "/", options.gui === undefined ? [] : [options.gui.path]);
  const server = Fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: "idle",
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: HTTP_LIMITS,
    routerOptions: { maxParamLength: PARAMETER_MAX, ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = "/" }) => basePath.route(url),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => {
      void sendFailure(reply, badRequest(`bad request: ${error.message}`));
    },
  });
  // Bodies are decoded by the routes: their errors are part of the contract.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, options));
  const known = new KnownPaths(routes);
  server.setNotFoundHandler((request, reply) => {
    const methods = known.methodsOf(request.url);
    if (methods === undefined) return sendText(reply, 404, "404: Page Not Found");
    return sendText(reply.header("allow", [...methods].join(", ")), 405, "405: Method Not Allowed");
  });
  server.server.on("connect", (_request, socket: Socket) => refuseTunnel(socket));
  server.addHook("onRequest", (request, reply, done) => {
    request.user = ANONYMOUS;
    if (request.raw.httpVersion !== "1.1" || request.headers.host !== undefined) done();
    else void sendFailure(reply, badRequest("bad request: missing required Host header"));
  });
  measure(server, options);
  if (options.onRefusal !== undefined) observeRefusals(server, options.onRefusal);
  addRateLimit(server, options.rateLimit, options.clock ?? systemClock);
  addCors(server, options.corsAllowedDomains ?? []);
  addAuthentication(server, options.authentication ?? {});
  server.addHook("onRoute", (route) => {
    const { url, method } = route;
    const methods = routes.get(url) ?? new Set();
    routes.set(url, methods);
    for (const each of withHead(method)) methods.add(each);
    route.method = withHead(method);
  });
  const version = options.index().version;
  const described = {
    routes,
    registry: options.registry,
    version,
    basePath: basePath.prefix,
    guiPath: options.gui?.path ?? "",
  };
  const { tokens, sync, gui, clock = systemClock } = options;
  addInTurns(server, [
    (part) => {
      part.get("/", { config: { access: "open" } }, (_request, reply) =>
        sendJson(reply, 200, inOrder(options.index())),
      );
      addSystemRoutes(part, options);
      if (tokens !== undefined) addTokenRoutes(part, options, tokens);
      addTypeRoutes(part, options);
      addChangesRoute(part, options);
    },
    ...resourceRoutes(options),
    (part) => {
      addGlobalInsightRoutes(part, options);
      addKriRoute(part, options);
      addTopologyRoutes(part, options);
    },
    (part) => addInspectRoutes(part, options),
    (part) => {
      if (sync !== undefined) addSyncRoutes(part, sync);
      if (gui !== undefined) addGuiRoutes(part, gui);
      addOpenApiRoutes(part, () => openApiDocument(described), clock);
    },
  ]);
  return server;
}

/** Hundreds of routes take a while: what else a program does as it starts, such as to connect to its global, goes on between the parts. */
function addInTurns(server: FastifyInstance, parts: readonly ((server: FastifyInstance) => void)[]): void {
  for (const add of parts) {
    void server.register(async (part) => {
      await nextTurn();
      add(part);
    });
  }
}

/** Members in order of name, as Kuma's generated types have them. */
function inOrder(index: Index): Index {
  const { basedOnKuma, clusterId, gui, hostname, instanceId, product, version } = index;
  return {
    ...(basedOnKuma === undefined ? {} : { basedOnKuma }),
    clusterId,
    gui,
    hostname,
    instanceId,
    product,
    version,
  };
}

/** HEAD is GET, of which Node leaves out the body; by the same route, where `exposeHeadRoutes` would make as many again. */
function withHead(method: RouteOptions["method"]): HTTPMethods[] {
  return [method].flat().flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each]));
}

function measure(server: FastifyInstance, { onRequest, onInFlight }: ApiServerOptions): void {
  const routeOf = (request: FastifyRequest): string => (request.is404 ? "" : templateOf(request));
  server.addHook("onRequest", (request, _reply, done) => {
    onInFlight?.(routeOf(request), 1);
    done();
  });
  // Also called for a request that its client gave up.
  server.addHook("onResponse", (request, reply, done) => {
    const bytes = Number(reply.getHeader("content-length") ?? 0);
    const route = routeOf(request);
    onRequest?.(route, request.method, reply.statusCode, reply.elapsedTime / 1000, bytes);
    onInFlight?.(route, -1);
    done();
  });
}

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  { onError }: ApiServerOptions,
): FastifyReply {
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const detail = `the body of a request may have ${request.routeOptions.bodyLimit} bytes`;
    return sendFailure(reply, { status: 413, title: "Request body too large", detail });
  }
  const { statusCode } = error;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return sendFailure(reply, { ...badRequest(`bad request: ${errorMessage(error)}`), status: statusCode });
  }
  onError?.(error, templateOf(request));
  return sendFailure(reply, internal("Could not process the request"));
}

/** @throws {PortError} */
async function listening(
  { host = LOOPBACK, port }: { readonly host?: string | undefined; readonly port: number },
  setting: string,
  listen: () => Promise<unknown>,
): Promise<void> {
  try {
    await listen();
  } catch (error) {
    throw portError(error, host, port, setting);
  }
}

function portError(error: unknown, host: string, port: number, setting: string): Error {
  const code = (error as { code?: unknown }).code;
  const variable = `KUMA_${setting
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll(".", "_")
    .toUpperCase()}`;
  const advice = `choose another one with the setting ${setting} (${variable})`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "is in use",
    EACCES: "may not be used by this user",
    EADDRNOTAVAIL: "cannot be used: the address is not of this machine",
  };
  const reason = typeof code === "string" ? reasons[code] : undefined;
  if (reason === undefined) return error instanceof Error ? error : new Error(errorMessage(error));
  return new PortError(`port ${port} of ${host} for the REST API ${reason}; ${advice}`, { cause: error });
}
