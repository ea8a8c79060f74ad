/** Names of what belongs to the proxy itself, in unified naming. Source: kuma v2.14.3: pkg/core/system_names. */

/** `meshtrace_zipkin`, `http://zipkin:9411` becomes `system_meshtrace_zipkin_http---zipkin-9411`. */
export function systemName(what: string, whose: string): string {
  return `system_${what}_${whose.replace(/[^a-z0-9_-]/gu, "-")}`;
}
