// Rules of the house that no linter knows: file sizes, package READMEs, no machine paths or leftovers in what is committed.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAX_LINES = 500;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const problems = [];

for (const file of files) {
  if (!/\.(ts|tsx|mjs|js|md|yaml|yml|json|proto)$/.test(file) || file.includes("testdata/")) continue;
  const text = readFileSync(join(root, file), "utf8");
  const lines = text.split("\n").length;
  if (/\.(ts|tsx|mjs|js|proto)$/.test(file) && lines > MAX_LINES)
    problems.push(`${file}: ${lines} lines, at most ${MAX_LINES}`);
  if (file.endsWith("house-rules.mjs")) continue;
  for (const [index, line] of text.split("\n").entries()) {
    if (/\bTODO\b|\bFIXME\b|\bXXX\b/.test(line)) problems.push(`${file}:${index + 1}: leftover marker`);
    if (/(^|[\s"'`(])\/(work|root|home)\//.test(line)) problems.push(`${file}:${index + 1}: path of a machine`);
  }
}

const packages = new Set(
  files.map((file) => /^packages\/([^/]+)\//.exec(file)?.[1]).filter((name) => name !== undefined),
);
for (const name of packages) {
  if (!existsSync(join(root, "packages", name, "README.md"))) problems.push(`packages/${name}: no README.md`);
}

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
