/**
 * HTTP as a command needs it: connections that are kept, authorities and client certificates of our own, headers with every
 * request. Node's `fetch` can do none of these without a further library.
 */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Answer, Send } from "@isthmus/api";

export interface TransportOptions {
  /** PEM; in place of the authorities of the system. */
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly skipVerify?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly userAgent?: string;
}

/** Of one command to its server. */
const SOCKETS_MAX = 32;

/** The server could not be asked, or did not answer: the message says why, in a line. */
export class ConnectionError extends Error {
  readonly code: string;

  constructor(message: string, code: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ConnectionError";
    this.code = code;
  }
}

/** Redirects are not followed: an API has none, and credentials must not travel elsewhere. */
export function createTransport(options: TransportOptions = {}): Send {
  const pool = { keepAlive: true, maxSockets: SOCKETS_MAX };
  const http = new HttpAgent(pool);
  const https = new HttpsAgent({
    ...pool,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.clientCert === undefined ? {} : { cert: options.clientCert }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
    ...(options.skipVerify === true ? { rejectUnauthorized: false } : {}),
    minVersion: "TLSv1.2",
  });
  const always = {
    ...(options.userAgent === undefined ? {} : { "user-agent": options.userAgent }),
    ...Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  };
  return (url, { method, headers, body, signal }) => {
    const isTls = url.startsWith("https:");
    const send = isTls ? httpsRequest : httpRequest;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const open = (): ClientRequest =>
      send(url, {
        method,
        headers: { ...always, ...headers, ...(bytes === undefined ? {} : { "content-length": String(bytes.length) }) },
        agent: isTls ? https : http,
      });
    return exchange(open, bytes, signal);
  };
}

/**
 * A kept connection may be closed by the server in the very moment in which it is used again. Nothing has been answered
 * then; a request that may be repeated is sent once more.
 */
async function exchange(open: () => ClientRequest, body: Buffer | undefined, signal?: AbortSignal): Promise<Answer> {
  const first = open();
  try {
    return await answerOf(first, body, signal);
  } catch (error) {
    const mayRepeat = first.method !== "POST" && first.reusedSocket && codeOf(error) === "ECONNRESET";
    if (!mayRepeat) throw error;
    return await answerOf(open(), body, signal);
  }
}

async function answerOf(request: ClientRequest, body: Buffer | undefined, signal?: AbortSignal): Promise<Answer> {
  const abort = (): void => void request.destroy(signal?.reason as Error | undefined);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once("error", reject);
      request.once("response", resolve);
      request.end(body);
    });
    return answerFrom(message, await readBody(message));
  } catch (error) {
    throw describe(signal?.aborted === true ? signal.reason : error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function answerFrom(message: IncomingMessage, text: string): Answer {
  return {
    status: message.statusCode ?? 500,
    headers: {
      get: (name) => {
        const value = message.headers[name.toLowerCase()];
        return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
      },
    },
    text: async () => text,
  };
}

const MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the name of the host is not known",
  EAI_AGAIN: "the name of the host cannot be looked up",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the network",
  ETIMEDOUT: "it does not answer",
  ECONNRESET: "it closed the connection without an answer",
  EPROTO: "it does not speak TLS as this command does",
  HPE_INVALID_CONSTANT: "it does not speak HTTP",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself; --ca-file names a file with certificates to trust",
  SELF_SIGNED_CERT_IN_CHAIN:
    "no authority that is trusted signed its certificate; --ca-file names a file with those to trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "no authority that is trusted signed its certificate; --ca-file names a file with those to trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "no authority that is trusted signed its certificate; --ca-file names a file with those to trust",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for other names",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it wants a client certificate",
};

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "TimeoutError") return new ConnectionError("no answer in time", "TIMEOUT", { cause: error });
  if (error.name === "AbortError") return error;
  const code = codeOf(error) ?? "UNKNOWN";
  const text = error.message === "" ? code : error.message;
  return new ConnectionError(MESSAGES[code] ?? text, code, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : undefined;
}
