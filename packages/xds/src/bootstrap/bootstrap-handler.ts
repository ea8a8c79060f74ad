/**
 * `POST /bootstrap` of the data-plane server. Who asks for exactly `application/json` gets JSON with the configuration in it as
 * base64 of YAML; all others, clients of old, the YAML itself. Source: kuma v2.14.3: pkg/xds/bootstrap/handler.go.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type JsonValue, parseJson } from "@isthmus/std";
import { stringify } from "yaml";
import type { BootstrapFailure, BootstrapResponder } from "./bootstrap-responder.ts";

/** A request has a resource, a certificate bundle and a token. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;
/** As Kuma writes it. */
const YAML_FORM = {
  sortMapEntries: true,
  indentSeq: false,
  singleQuote: true,
  lineWidth: 0,
  aliasDuplicateObjects: false,
} as const;
const TEXT = "text/plain; charset=utf-8";

export interface BootstrapHandlerOptions {
  readonly responder: BootstrapResponder;
  /** A request that was refused, with what the body does not tell. */
  readonly onRefused?: (failure: BootstrapFailure, peer: string) => void;
  readonly onError: (error: unknown) => void;
}

export function bootstrapHandler(options: BootstrapHandlerOptions): RequestListener {
  return (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.onError(error);
      if (!response.headersSent) response.writeHead(500).end();
    });
  };
}

async function handle(
  { responder, onRefused }: BootstrapHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path !== "/bootstrap") {
    response.writeHead(404, { "content-type": TEXT, "x-content-type-options": "nosniff" }).end("404 page not found\n");
    return;
  }
  const body = await bodyOf(request);
  const json = body === undefined ? undefined : parsed(body);
  // Kuma looks at the body only, so a GET is a request without one.
  if (json === undefined) return void response.writeHead(400).end();
  const answer = await responder.answer(json, hostOf(request.headers.host ?? ""));
  if (!answer.ok) {
    onRefused?.(answer.error, request.socket.remoteAddress ?? "");
    const { status, text } = answer.error;
    if (text === "") response.writeHead(status).end();
    else response.writeHead(status, { "content-type": TEXT }).end(text);
    return;
  }
  const yaml = stringify(answer.value.document, YAML_FORM);
  if (request.headers.accept !== "application/json") {
    return void response.writeHead(200, { "content-type": "text/x-yaml" }).end(yaml);
  }
  const bootstrap = Buffer.from(yaml).toString("base64");
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ bootstrap, kumaSidecarConfiguration: answer.value.sidecar }));
}

/** Undefined: longer than anything a proxy sends. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= BODY_MAX_BYTES) chunks.push(chunk);
  }
  return size > BODY_MAX_BYTES ? undefined : Buffer.concat(chunks).toString();
}

function parsed(text: string): JsonValue | undefined {
  const json = parseJson(text);
  return json.ok ? json.value : undefined;
}

/** Without the port, if there is one. */
function hostOf(host: string): string {
  const match = /^(?:\[(?<v6>.+)\]|(?<name>[^:]*))(?::\d+)?$/.exec(host);
  return match?.groups?.["v6"] ?? match?.groups?.["name"] ?? host;
}
