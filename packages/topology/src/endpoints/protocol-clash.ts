/**
 * Whether one side speaks HTTP and the other has declared a protocol that is not HTTP. Kuma does not compare them; of what it
 * would send only that which cannot work is left out here. `tcp` is what an undeclared protocol reads as and proves nothing.
 */
const HTTP_LIKE = new Set(["http", "http2", "grpc"]);
const NOT_HTTP = new Set(["kafka", "mysql", "tls"]);

export function protocolsClash(a: string, b: string): boolean {
  return (HTTP_LIKE.has(a) && NOT_HTTP.has(b)) || (NOT_HTTP.has(a) && HTTP_LIKE.has(b));
}
