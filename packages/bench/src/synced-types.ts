/** The types that a 2.14.3 zone subscribes to, spelled out: the generator does not ask the system that it measures. */
const GLOBAL_TO_ZONE =
  "Mesh Config Secret GlobalSecret ServiceInsight ExternalService MeshGateway MeshGatewayRoute CircuitBreaker FaultInjection " +
  "HealthCheck ProxyTemplate RateLimit Retry Timeout TrafficLog TrafficPermission TrafficRoute TrafficTrace VirtualOutbound " +
  "ZoneIngress MeshService MeshZoneAddress MeshMultiZoneService MeshExternalService MeshIdentity MeshTrust " +
  "MeshOpenTelemetryBackend HostnameGenerator MeshAccessLog MeshMetric MeshTrace MeshCircuitBreaker MeshFaultInjection " +
  "MeshHealthCheck MeshHTTPRoute MeshLoadBalancingStrategy MeshPassthrough MeshProxyPatch MeshRateLimit MeshRetry " +
  "MeshTCPRoute MeshTLS MeshTimeout MeshTrafficPermission";

export const TYPES_TOWARDS_ZONES: readonly string[] = GLOBAL_TO_ZONE.split(" ");
