/**
 * Refusals: what the layers below say, as status, title and detail. The one table of this package.
 * Source: kuma v2.14.3: pkg/core/rest/errors/error_handler.go.
 */
import type { ErrorBody } from "@isthmus/api";
import type { WriteError, WriteStep } from "@isthmus/manager";
import { describeKey, type Violation } from "@isthmus/resources";
import { assertNever } from "@isthmus/std";
import type { FastifyReply } from "fastify";
import { sendJson } from "./answer.ts";
import type { WhatIfFailure } from "./topology-api.ts";

/** `detail` of a refusal, with the parameters that are to blame. */
export interface Failure {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly violations?: readonly Violation[];
}

const STEP_TITLES: Readonly<Record<WriteStep, string>> = {
  process: "Could not process a resource",
  create: "Failed to create a resource",
  update: "Failed to update a resource",
  "update-labels": "Could not update a resource",
  delete: "Could not delete a resource",
};

const READ_ONLY_TEXTS = {
  global:
    "On global control plane you can not modify dataplane resources with 'kumactl apply' or via the HTTP API. You can still use 'kumactl' or the HTTP API to modify them on the zone control plane.\n",
  zone: "On zone control plane you can only modify zone resources with 'kumactl apply' or via the HTTP API. You can still use 'kumactl' or the HTTP API to modify the rest of the resource on the global control plane.\n",
} as const;

export const titles = {
  mesh: "Failed to retrieve Mesh",
  get: "Could not retrieve a resource",
  list: "Could not retrieve resources",
  format: "Could not format a resource",
  process: STEP_TITLES.process,
} as const;

export const notFound = (title: string): Failure => ({ status: 404, title, detail: "Not found" });
export const badRequest = (detail: string): Failure => ({ status: 400, title: "Bad Request", detail });
export const invalid = (title: string, violations: readonly Violation[]): Failure => ({
  status: 400,
  title,
  detail: "Resource is not valid",
  violations,
});
export const readOnly = (mode: "global" | "zone"): Failure => ({
  status: 405,
  title: "Method not allowed",
  detail: READ_ONLY_TEXTS[mode],
});
/** Source of status and title: kuma v2.14.3: pkg/api-server/resource_endpoints.go (`_config` of a Dataplane). */
export const notOnGlobal: Failure = {
  status: 405,
  title: "Method not allowed",
  detail: "Not allowed on global CP: endpoint sets are those of a zone, ask the zone",
};
export const internal = (title: string): Failure => ({ status: 500, title, detail: "Internal Server Error" });

export function failureOfWrite(error: WriteError, mode: "global" | "zone"): Failure {
  switch (error.kind) {
    case "read-only":
      return readOnly(mode);
    case "no-such-mesh":
      return notFound(titles.mesh);
    case "not-found":
      return notFound(STEP_TITLES[error.step]);
    case "invalid":
      return invalid(STEP_TITLES[error.step], error.violations);
    case "mesh-missing":
      return {
        status: 400,
        title: STEP_TITLES[error.step],
        detail: "Mesh is not found",
        violations: [{ field: "mesh", reason: `mesh of name ${error.mesh} is not found` }],
      };
    case "bad-request":
      return badRequest(error.detail);
    case "conflict":
      return { status: 409, title: "Conflict", detail: `resource conflict: ${describeKey(error.key)}` };
    case "already-exists":
      return { status: 409, title: "Conflict", detail: `resource already exists: ${describeKey(error.key)}` };
    case "not-a-member":
      // Kuma: 500 without a reason.
      return invalid(STEP_TITLES[error.step], [{ field: "networking", reason: error.detail }]);
    default:
      return assertNever(error);
  }
}

const WHAT_IF_STATUSES: Readonly<Record<WhatIfFailure["kind"], number>> = { busy: 503, timeout: 504, failed: 500 };

export function failureOfWhatIf({ kind, detail }: WhatIfFailure, title: string): Failure {
  return { status: WHAT_IF_STATUSES[kind], title, detail };
}

/** Refusals quote what was sent; characters. */
const TEXT_MAX_LENGTH = 4_000;

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return sendJson(reply, failure.status, errorBody(failure));
}

/** The members that Kuma calls deprecated repeat the others; older clients read them. */
export function errorBody(failure: Failure): ErrorBody {
  const { status, title } = failure;
  const detail = cut(failure.detail);
  const violations = (failure.violations ?? []).map(({ field, reason }) => ({
    field: cut(field),
    reason: cut(reason),
  }));
  const isNamed = violations.length > 0;
  return {
    type: "/std-errors",
    status,
    title,
    detail,
    ...(isNamed ? { invalid_parameters: violations } : {}),
    details: detail,
    ...(isNamed ? { causes: violations.map(({ field, reason }) => ({ field, message: reason })) } : {}),
  };
}

const cut = (text: string): string => (text.length > TEXT_MAX_LENGTH ? `${text.slice(0, TEXT_MAX_LENGTH)}...` : text);
