/** Exit codes of the `isthmus` command, documented in docs/cli.md. */
export const ExitCode = {
  ok: 0,
  /** The server refused, could not be reached, or the program failed. */
  failure: 1,
  /** Arguments, files or configuration are invalid. */
  usage: 2,
  /** `sync status`: not converged in time, or older than --max-age. */
  notConverged: 3,
  /** `explain`: the service has no endpoint; `what-if`: a service would have none. */
  noEndpoints: 4,
  /** `apply --dry-run --exit-code`: something would change. */
  changes: 5,
  /** `doctor`: a check failed. */
  unhealthy: 6,
  /** Ctrl-C ended work that was not done, as shells count signals. */
  interrupted: 130,
} as const;

/** Ends a command with a message and an exit code. An empty message: all has been said. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
