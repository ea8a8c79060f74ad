/** What went wrong with a question to a server, for a person. */
import { ApiError } from "@isthmus/api";
import { errorMessage } from "@isthmus/std";
import { CommandError } from "../exit-code.ts";
import { ConnectionError } from "./transport.ts";

/** A line, and one more for every violation that the server named. */
export function explainError(error: unknown, server: string): string {
  if (error instanceof CommandError) return error.message;
  if (error instanceof ApiError) {
    const violations = error.invalidParameters.map(
      (violation) => `\n  ${violation.field === "" ? violation.reason : `${violation.field}: ${violation.reason}`}`,
    );
    return `${titleOf(error)}${violations.join("")}`;
  }
  if (error instanceof ConnectionError) return `cannot reach ${server}: ${error.message}`;
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : "";
  return `${errorMessage(error)}${cause}`;
}

/** Kuma says `Could not process a resource (Access Denied)` and no word about what to do. */
function titleOf(error: ApiError): string {
  const text = error.detail.trim() === "" ? error.title : `${error.title} (${error.detail.trim()})`;
  if (error.status === 401)
    return `${text}\n  the token is not valid here: it may have expired, or be revoked, or of another server`;
  return text;
}
