/** Plain-text tables: columns as wide as their widest cell, three blanks between them, as kumactl prints them. */
const GAP = "   ";

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join(GAP)
      .trimEnd();
  return [header, ...rows].map((cells) => line(cells)).join("\n");
}

/** `3s`, `5m`, `2h`, `4d`: one unit, rounded down. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}h`;
  return `${Math.floor(whole / 86_400)}d`;
}
