/** JSON as kumactl prints it: indented by two blanks, members in the order of the server. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
