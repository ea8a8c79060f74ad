/**
 * What Envoy's log says of a control plane that does not let the proxy in: the stream ends with a status that no repetition changes.
 * Nobody else hears of it, because the bootstrap is given to whoever brings any token.
 */
const CLOSED = /gRPC config stream to \S+ closed(?: since \S+ ago)?: (?<code>\d+), (?<reason>.*)$/;
/** PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT; Kuma says UNKNOWN, as of much else. */
const REFUSALS = new Set(["7", "16", "3"]);
const UNKNOWN = "2";
const KUMAS_REASON = /authentication failed/i;

/** The reason; undefined: the line says something else. */
export function refusalIn(line: string): string | undefined {
  const { code = "", reason = "" } = CLOSED.exec(line)?.groups ?? {};
  const isRefusal = REFUSALS.has(code) || (code === UNKNOWN && KUMAS_REASON.test(reason));
  return isRefusal ? reason.trim() : undefined;
}
