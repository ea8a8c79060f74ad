/**
 * Waits for a condition of another process or of the network, where no event can be awaited. Never a fixed sleep. `what` names it when
 * it is not reached; a function says so then.
 */
export async function eventually<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly timeoutMs?: number; readonly intervalMs?: number; readonly what?: string | (() => string) } = {},
): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 10, what = "condition" } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${typeof what === "string" ? what : what()} not reached within ${timeoutMs} ms`, {
        cause: lastError,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
