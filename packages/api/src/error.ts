/**
 * The error body of the REST API and the exception that the client throws for it.
 * Source: kuma v2.14.3: pkg/core/rest/errors/types/error.go.
 */
import { z } from "zod";

export const invalidParameterSchema = z.object({ field: z.string(), reason: z.string() });

/** Members in the order in which they are printed. `details` and `causes` repeat `detail` and `invalid_parameters`. */
export const errorBodySchema = z.object({
  type: z.string(),
  status: z.number().int(),
  title: z.string(),
  detail: z.string(),
  instance: z.string().optional(),
  invalid_parameters: z.array(invalidParameterSchema).optional(),
  details: z.string().optional(),
  causes: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

export type InvalidParameter = z.infer<typeof invalidParameterSchema>;
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** A refused request, or an answer that is not what the contract says (`status` is then that of the answer). */
export class ApiError extends Error {
  readonly code = "API";
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly invalidParameters: readonly InvalidParameter[];

  constructor(
    error: { status: number; title: string; detail: string; invalidParameters?: readonly InvalidParameter[] },
    options?: { cause?: unknown },
  ) {
    super(describe(error), options);
    this.name = "ApiError";
    this.status = error.status;
    this.title = error.title;
    this.detail = error.detail;
    this.invalidParameters = error.invalidParameters ?? [];
  }

  /** Reads a body of status 400 and above; text that is not an error object becomes the detail. */
  static fromBody(status: number, text: string): ApiError {
    const parsed = errorBodySchema.safeParse(tryJson(text));
    if (!parsed.success) return new ApiError({ status, title: `HTTP ${status}`, detail: text.trim() });
    const { title, detail, invalid_parameters: invalidParameters = [] } = parsed.data;
    return new ApiError({ status, title, detail, invalidParameters });
  }
}

/** As kumactl prints it: `Title (detail)`, one line per parameter. */
function describe(error: { title: string; detail: string; invalidParameters?: readonly InvalidParameter[] }): string {
  const lines = (error.invalidParameters ?? []).map(({ field, reason }) =>
    field === "" ? `* ${reason}` : `* ${field}: ${reason}`,
  );
  return [`${error.title} (${error.detail.trim()})`, ...lines].join("\n");
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
