/** Unified diffs of texts, line by line. Source of the algorithm: Eugene W. Myers, An O(ND) Difference Algorithm, 1986. */

const CONTEXT_LINES = 3;
/** Texts that differ in more lines than this are shown as removed and added: the search takes time with its square. */
const EDITS_MAX = 2_000;

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

/** Empty when nothing differs. */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
): string {
  const lines = diffLines(linesOf(before), linesOf(after));
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return "";
  return [`--- ${names.before}`, `+++ ${names.after}`, ...hunks].join("\n");
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function diffLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const kept = (text: string): Line => ({ mark: " ", text });
  return [
    ...before.slice(0, start).map(kept),
    ...changedLines(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(kept),
  ];
}

function changedLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  const trace = shortestEdit(before, after);
  if (trace === undefined) {
    return [...before.map((text): Line => ({ mark: "-", text })), ...after.map((text): Line => ({ mark: "+", text }))];
  }
  const lines: Line[] = [];
  let x = before.length;
  let y = after.length;
  for (let depth = trace.length - 1; depth >= 0; depth -= 1) {
    const furthest = trace[depth] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -depth || (k !== depth && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = depth === 0 ? 0 : (furthest.get(previousK) ?? 0);
    const previousY = depth === 0 ? 0 : previousX - previousK;
    while (x > previousX && y > previousY && x > 0 && y > 0 && before[x - 1] === after[y - 1]) {
      lines.push({ mark: " ", text: before[x - 1] ?? "" });
      x -= 1;
      y -= 1;
    }
    if (depth === 0) break;
    if (down) {
      lines.push({ mark: "+", text: after[y - 1] ?? "" });
      y -= 1;
    } else {
      lines.push({ mark: "-", text: before[x - 1] ?? "" });
      x -= 1;
    }
  }
  return lines.reverse();
}

/** The furthest x for each diagonal before each step; undefined when it takes too many steps. */
function shortestEdit(
  before: readonly string[],
  after: readonly string[],
): readonly ReadonlyMap<number, number>[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  const limit = Math.min(before.length + after.length, EDITS_MAX);
  for (let depth = 0; depth <= limit; depth += 1) {
    trace.push(new Map(furthest));
    for (let k = -depth; k <= depth; k += 2) {
      const down = k === -depth || (k !== depth && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x += 1;
        y += 1;
      }
      furthest.set(k, x);
      if (x >= before.length && y >= after.length) return trace;
    }
  }
  return undefined;
}

/** Changes with the lines around them; those that are near each other share a hunk. */
function hunksOf(lines: readonly Line[]): readonly string[] {
  const hunks: string[] = [];
  let i = 0;
  let beforeLine = 1;
  let afterLine = 1;
  const step = (line: Line | undefined): void => {
    if (line?.mark !== "+") beforeLine += 1;
    if (line?.mark !== "-") afterLine += 1;
  };
  while (i < lines.length) {
    const first = lines.findIndex((line, at) => at >= i && line.mark !== " ");
    if (first < 0) break;
    const start = Math.max(i, first - CONTEXT_LINES);
    for (; i < start; i += 1) step(lines[i]);
    let end = first;
    for (let at = first; at < lines.length && at <= end + 2 * CONTEXT_LINES; at += 1)
      if (lines[at]?.mark !== " ") end = at;
    const stop = Math.min(lines.length, end + 1 + CONTEXT_LINES);
    const hunk = lines.slice(start, stop);
    const count = (mark: "-" | "+"): number => hunk.filter((line) => line.mark === " " || line.mark === mark).length;
    const range = (line: number, length: number): string => `${length === 0 ? line - 1 : line},${length}`;
    hunks.push(
      `@@ -${range(beforeLine, count("-"))} +${range(afterLine, count("+"))} @@`,
      ...hunk.map(({ mark, text }) => mark + text),
    );
    for (; i < stop; i += 1) step(lines[i]);
  }
  return hunks;
}
