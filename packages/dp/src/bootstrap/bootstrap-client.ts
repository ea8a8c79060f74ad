/**
 * Asks the control plane for a bootstrap until it has one: what may be otherwise in a moment is tried again, what the request itself is wrong
 * about is not. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/envoy/remote_bootstrap.go.
 */

import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import {
  type Clock,
  err,
  errorMessage,
  isJsonObject,
  type JsonObject,
  ok,
  parseJson,
  type Result,
  sleep,
} from "@isthmus/std";
import { onAnswerText } from "../answer-text.ts";

const ATTEMPT_TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

export interface BootstrapAnswer {
  /** YAML. */
  readonly bootstrap: string;
  /** For the runner itself. */
  readonly sidecar: JsonObject;
}

export type Attempt =
  | { readonly kind: "given"; readonly answer: BootstrapAnswer }
  | { readonly kind: "later"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface BootstrapClientOptions {
  readonly controlPlane: URL;
  /** PEM; "": those of the system. */
  readonly caCert: string;
  readonly systemCaPath: string;
  readonly isVerificationSkipped: boolean;
  readonly retryBackoffMs: number;
  readonly retryMaxMs: number;
  readonly clock: Clock;
  /** Ends waiting. */
  readonly signal: AbortSignal;
  readonly onRetry: (reason: string) => void;
}

/** An error tells why there is no bootstrap; undefined as its value: the signal came before. */
export async function fetchBootstrap(
  body: JsonObject,
  options: BootstrapClientOptions,
): Promise<Result<BootstrapAnswer, string | undefined>> {
  const { clock, signal, retryBackoffMs, retryMaxMs } = options;
  const giveUpAt = clock.monotonic() + retryMaxMs;
  for (;;) {
    const attempt = await ask(body, options);
    if (signal.aborted) return err(undefined);
    if (attempt.kind === "given") return ok(attempt.answer);
    if (attempt.kind === "refused") return err(attempt.reason);
    if (clock.monotonic() + retryBackoffMs > giveUpAt)
      return err(`${attempt.reason}; gave up after ${retryMaxMs / 1_000} s`);
    options.onRetry(attempt.reason);
    await sleep(clock, retryBackoffMs, signal);
    if (signal.aborted) return err(undefined);
  }
}

export function judgeAnswer(status: number, body: string): Attempt {
  if (status === 200) return readAnswer(body);
  if (status === 404 && body === "") {
    const what = "the control plane does not know this proxy yet: give its resource with --dataplane-file, or apply it";
    return { kind: "later", reason: what };
  }
  if (status === 404) {
    const reason =
      "there is no /bootstrap at this address: it has to be the data-plane server (port 5678), not the REST API";
    return { kind: "later", reason };
  }
  if (status >= 400 && status < 500) {
    return {
      kind: "refused",
      reason: `the control plane refuses the proxy (${status}): ${body.trim() || "no reason given"}`,
    };
  }
  return { kind: "later", reason: `the control plane answered with ${status}; its log says why` };
}

function readAnswer(body: string): Attempt {
  const json = parseJson(body);
  const answer = json.ok && isJsonObject(json.value) ? json.value : {};
  const { bootstrap, kumaSidecarConfiguration } = answer;
  if (typeof bootstrap !== "string")
    return { kind: "refused", reason: "the answer is no bootstrap of a control plane" };
  return {
    kind: "given",
    answer: {
      bootstrap: Buffer.from(bootstrap, "base64").toString(),
      sidecar: isJsonObject(kumaSidecarConfiguration) ? kumaSidecarConfiguration : {},
    },
  };
}

function ask(body: JsonObject, options: BootstrapClientOptions): Promise<Attempt> {
  const url = new URL("/bootstrap", options.controlPlane);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const later = (error: unknown): void => resolve({ kind: "later", reason: `${url.origin}: ${describe(error)}` });
    const call = request(
      url,
      {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        signal: options.signal,
        timeout: ATTEMPT_TIMEOUT_MS,
        // Each attempt has a connection of its own, which ends with it.
        agent: false,
        ...trustOf(options),
      },
      (response) => {
        response.once("error", later);
        onAnswerText(call, response, ANSWER_MAX_BYTES, (text) => resolve(judgeAnswer(response.statusCode ?? 0, text)));
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${ATTEMPT_TIMEOUT_MS} ms`)));
    call.once("error", later);
    call.end(JSON.stringify(body, undefined, 1));
  });
}

/** Of certificates it is worth saying what to do. */
function describe(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isUntrusted = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_)/.test(code);
  return `${errorMessage(error)}${isUntrusted ? "; --ca-cert-file names the certificates to verify the control plane with" : ""}`;
}

function trustOf({ caCert, systemCaPath, isVerificationSkipped }: BootstrapClientOptions): {
  readonly ca?: string;
  readonly rejectUnauthorized?: boolean;
} {
  if (isVerificationSkipped) return { rejectUnauthorized: false };
  if (caCert !== "") return { ca: caCert };
  return systemCaPath === "" ? {} : { ca: readFileSync(systemCaPath, "utf8") };
}
