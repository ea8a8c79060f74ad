/** What applies to a proxy, and to which proxies something applies, in the form of kumactl. */
import type { Attachment, DataplanePolicies, MatchedDataplanes, PolicyDataplanes } from "@isthmus/api";
import { formatTable } from "../output/table.ts";

export function formatDataplanePolicies(answer: DataplanePolicies): string {
  if (answer.kind === "SidecarDataplane") {
    return answer.items
      .map((item) => [
        `${attachment(item, true)}:`,
        ...ordered(item.matchedPolicies).flatMap(([type, policies]) => [
          `  ${type}`,
          ...policies.map(({ name }) => `    ${name}`),
        ]),
        "",
      ])
      .flat()
      .join("\n");
  }
  const lines = [
    "MESHGATEWAY:",
    ...ordered(answer.policies).flatMap(([type, { name }]) => [`  ${type}`, `    ${name}`]),
    "",
  ];
  for (const { protocol, port, hosts } of answer.listeners) {
    lines.push(`LISTENER (${protocol}:${port}):`);
    for (const { hostName, routes } of hosts) {
      lines.push(`  ${hostName}:`);
      for (const { route, destinations } of routes) {
        lines.push(`    ROUTE ${route}:`);
        for (const { tags, policies } of destinations) {
          lines.push(`      SERVICE ${tags?.["kuma.io/service"] ?? ""}:`);
          for (const [type, { name }] of ordered(policies)) lines.push(`        ${type}`, `          ${name}`);
        }
      }
    }
    lines.push("");
  }
  return lines.join("\n");
}

export function formatPolicyDataplanes({ items }: PolicyDataplanes): string {
  const lines = ["Affected data plane proxies:", ""];
  for (const item of items) {
    if (item.dataplane !== undefined) {
      const { attachments } = item;
      const isWhole = attachments.length === 1 && attachments[0]?.type === "dataplane";
      if (isWhole) lines.push(`  ${item.dataplane.name}`);
      else lines.push(`  ${item.dataplane.name}:`, ...attachments.map((each) => `    ${attachment(each)}`), "");
    }
    if (item.gateway !== undefined) {
      lines.push(`  ${item.gateway.name}:`);
      for (const { protocol, port, hosts } of item.listeners) {
        lines.push(`    listener (${protocol}:${port}):`);
        for (const { hostName, routes } of hosts) {
          lines.push(`      ${hostName}:`);
          for (const { route, destinations } of routes) {
            lines.push(`        ${route}:`);
            for (const tags of destinations) lines.push(`          service ${tags["kuma.io/service"] ?? ""}`);
          }
        }
      }
      lines.push("");
    }
  }
  return lines.join("\n");
}

export function formatMatchedDataplanes(items: MatchedDataplanes["items"]): string {
  const rows = items.map(({ mesh, name, type }) => [typeof type === "string" ? type : "Dataplane", mesh ?? "", name]);
  return `${formatTable(["TYPE", "MESH", "NAME"], rows)}\n\nTotal: ${items.length}`;
}

function attachment({ type, name = "", service = "" }: Attachment, isUpper = false): string {
  const kind = isUpper ? type.toUpperCase() : type;
  if (type === "dataplane") return kind;
  return type === "service" ? `${kind} ${name}` : `${kind} ${name}(${service})`;
}

function ordered<T>(byType: Readonly<Record<string, T>> | null | undefined): readonly (readonly [string, T])[] {
  return Object.entries(byType ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
