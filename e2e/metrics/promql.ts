/** What a query of Prometheus asks for: read with the grammar that Prometheus' own editor uses. */
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  /** Inside of `rate` or `increase`. */
  readonly isRate: boolean;
  /** Inside of `histogram_quantile`. */
  readonly isQuantile: boolean;
}

export interface Query {
  /** Places where the text is no query. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels that results are grouped or matched by, with what they are taken from. */
  readonly groupings: readonly { readonly labels: readonly string[]; readonly selectors: readonly Selector[] }[];
}

/** Grafana puts these in; any value of their kind will do. */
const GRAFANA = [
  [/\$__rate_interval|\$__interval|\$__range/g, "5m"],
  [/\$\{?[a-z]\w*\}?/g, "value"],
] as const;

export function parseQuery(text: string): Query {
  const query = GRAFANA.reduce((shown, [pattern, value]) => shown.replace(pattern, value), text);
  const root = parser.parse(query).topNode;
  const errors: string[] = [];
  root.cursor().iterate((node) => {
    if (node.type.isError) errors.push(`${query.slice(0, node.to)} <- here`);
  });
  const textOf = (node: SyntaxNode): string => query.slice(node.from, node.to);
  const groupings = [...nodesOf(root, "GroupingLabels")].map((node) => ({
    labels: [...nodesOf(node, "LabelName")].map(textOf),
    selectors: selectorsOf(groupedBy(node), textOf),
  }));
  return { errors, selectors: selectorsOf(root, textOf), groupings };
}

/** The aggregation or the binary operation that the labels belong to. */
function groupedBy(labels: SyntaxNode): SyntaxNode {
  let node = labels;
  while (node.parent !== null && node.name !== "AggregateExpr" && node.name !== "BinaryExpr") node = node.parent;
  return node;
}

function selectorsOf(within: SyntaxNode, textOf: (node: SyntaxNode) => string): readonly Selector[] {
  return [...nodesOf(within, "VectorSelector")].map((node) => {
    const functions = ancestorsOf(node)
      .filter(({ name }) => name === "FunctionCall")
      .map((call) => textOf(call.getChild("FunctionIdentifier") ?? call));
    const identifier = node.getChild("Identifier");
    return {
      metric: identifier === null ? "" : textOf(identifier),
      labels: [...nodesOf(node, "LabelName")].map(textOf),
      isRate: functions.includes("rate") || functions.includes("increase"),
      isQuantile: functions.includes("histogram_quantile"),
    };
  });
}

function ancestorsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return node.parent === null ? [] : [node.parent, ...ancestorsOf(node.parent)];
}

function* nodesOf(within: SyntaxNode, name: string): Iterable<SyntaxNode> {
  for (let child = within.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === name) yield child;
    yield* nodesOf(child, name);
  }
}
