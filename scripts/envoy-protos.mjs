// Envoy's messages from the descriptions that @grpc/grpc-js-xds carries, which are about Envoy 1.31, plus our own overlay
// (packages/proto/envoy). Descriptions are compiled once, then reduced to what bytes and JSON need: comments, validation rules
// and services would make them six times larger. Two things come out, both in packages/proto/src/envoy/gen:
//   *_pb.ts          TypeScript for the files of `typed-files.txt` and all that they import
//   all-files.ts     every v3 message as one compressed descriptor set, for content that users write
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { deflateRawSync } from "node:zlib";

/** Files whose imports are not in the snapshot, and that nothing else needs. */
const LEFT_OUT = [
  "envoy/config/trace/v3/opencensus.proto",
  "envoy/config/trace/v3/trace.proto",
  "envoy/service/metrics/v3/metrics_service.proto",
  "envoy/service/trace/v3/trace_service.proto",
];

/** Descriptions of options only: gone with the options. */
const OPTION_FILES =
  /^(validate\/|udpa\/annotations\/|xds\/annotations\/|envoy\/annotations\/|google\/api\/(annotations|http)\.)/;

export async function generateEnvoyMessages(root) {
  const proto = join(root, "packages/proto");
  const overlay = join(proto, "envoy");
  if (!existsSync(overlay)) return;
  const deps = join(snapshotFolder(proto), "deps");
  const out = join(proto, "src/envoy/gen");
  const stamp = join(out, ".stamp");
  const inputs = hashOfInputs(root, overlay, deps);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return;

  const stage = mkdtempSync(join(tmpdir(), "isthmus-envoy-"));
  try {
    const files = stageFiles(stage, deps, overlay);
    const image = join(stage, "image.binpb");
    buf(root, stage, ["build", "-o", image]);
    const { all, typed } = await reduce(readFileSync(image), typedRoots(overlay, files));
    const typedImage = join(stage, "typed.binpb");
    writeFileSync(typedImage, typed);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    buf(root, proto, ["generate", "--template", "envoy/buf.gen.yaml", typedImage]);
    writeFileSync(join(out, "all-files.ts"), descriptorModule(all));
    writeFileSync(join(out, "typed-files.ts"), typedFilesModule(out));
    writeFileSync(stamp, inputs);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function snapshotFolder(proto) {
  try {
    return dirname(createRequire(join(proto, "package.json")).resolve("@grpc/grpc-js-xds/package.json"));
  } catch (error) {
    throw new Error("@grpc/grpc-js-xds is not installed: run `npm ci`", { cause: error });
  }
}

/** The v3 files of the snapshot with our additions, as one module. */
function stageFiles(stage, deps, overlay) {
  for (const [source, folder] of [
    ["envoy-api", "envoy"],
    ["xds", "xds"],
    ["xds", "udpa"],
    ["protoc-gen-validate", "validate"],
    ["googleapis", "google/api/expr/v1alpha1"],
    ["googleapis", "google/rpc/status.proto"],
    ["googleapis", "google/api/annotations.proto"],
    ["googleapis", "google/api/http.proto"],
  ]) {
    cpSync(join(deps, source, folder), join(stage, folder), { recursive: true });
  }
  for (const file of protosIn(stage)) {
    const old = file.startsWith("envoy/") && !file.startsWith("envoy/annotations/") && !/\/v3(alpha)?\//.test(file);
    if (old || LEFT_OUT.includes(file)) rmSync(join(stage, file));
  }
  cpSync(join(overlay, "proto"), stage, { recursive: true });
  for (const file of protosIn(join(overlay, "additions"))) {
    const target = join(stage, file);
    writeFileSync(
      target,
      withAdditions(readFileSync(target, "utf8"), readFileSync(join(overlay, "additions", file), "utf8")),
    );
  }
  writeFileSync(join(stage, "buf.yaml"), "version: v2\nmodules:\n  - path: .\n");
  return protosIn(stage);
}

/** Adds the imports of a fragment, and the fields of each of its messages to the message of that name. */
function withAdditions(text, fragment) {
  let result = text;
  for (const [line, file] of fragment.matchAll(/^import "(.+)";$/gm)) {
    if (!result.includes(`import "${file}"`)) result = result.replace(/^package .+;$/m, `$&\n${line}`);
  }
  for (const [, name, fields] of fragment.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}$/gm)) {
    const opening = new RegExp(`^message ${name} \\{$`, "m");
    if (!opening.test(result)) throw new Error(`no message ${name} to add fields to`);
    result = result.replace(opening, `$&\n${fields}`);
  }
  return result;
}

function typedRoots(overlay, files) {
  const lines = readFileSync(join(overlay, "typed-files.txt"), "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => {
      const found = files.filter((file) => (line.endsWith("/") ? file.startsWith(line) : file === line));
      if (found.length === 0) throw new Error(`typed-files.txt: ${line} is not in the snapshot`);
      return found;
    });
}

/** Descriptor sets without comments, services and extension options: of everything, and of `roots` with their imports. */
async function reduce(image, roots) {
  const { fromBinary, toBinary } = await import("@bufbuild/protobuf");
  const { FileDescriptorSetSchema } = await import("@bufbuild/protobuf/wkt");
  const set = fromBinary(FileDescriptorSetSchema, image);
  set.file = set.file.filter((file) => !OPTION_FILES.test(file.name));
  for (const file of set.file) {
    file.dependency = file.dependency.filter((name) => !OPTION_FILES.test(name));
    file.publicDependency = [];
    file.weakDependency = [];
    file.options = undefined;
    file.sourceCodeInfo = undefined;
    file.service = [];
    file.extension = [];
    file.messageType.forEach(reduceMessage);
    file.enumType.forEach(reduceEnum);
  }
  const byName = new Map(set.file.map((file) => [file.name, file]));
  const needed = new Set();
  const visit = (name) => {
    if (needed.has(name)) return;
    needed.add(name);
    byName.get(name)?.dependency.forEach(visit);
  };
  roots.forEach(visit);
  const all = toBinary(FileDescriptorSetSchema, set);
  set.file = set.file.filter((file) => needed.has(file.name));
  return { all, typed: toBinary(FileDescriptorSetSchema, set) };
}

function reduceMessage(message) {
  dropExtensions(message.options);
  for (const field of message.field) dropExtensions(field.options);
  for (const oneof of message.oneofDecl) dropExtensions(oneof.options);
  message.nestedType.forEach(reduceMessage);
  message.enumType.forEach(reduceEnum);
}

function reduceEnum(description) {
  dropExtensions(description.options);
  for (const value of description.value) dropExtensions(value.options);
}

function dropExtensions(options) {
  if (options !== undefined) options.$unknown = undefined;
}

function descriptorModule(bytes) {
  const text = deflateRawSync(bytes, { level: 9 }).toString("base64");
  return `/* eslint-disable */\n/** A google.protobuf.FileDescriptorSet, deflated, as base64. */\nexport const allFiles =\n  "${text}";\n`;
}

function typedFilesModule(out) {
  const modules = filesIn(out, "_pb.ts").map((file) => [file, readFileSync(join(out, file), "utf8")]);
  const lines = ["/* eslint-disable */"];
  const names = [];
  for (const [file, text] of modules) {
    const name = /^export const (file_\w+): GenFile/m.exec(text)?.[1];
    if (name === undefined) throw new Error(`${file}: no file descriptor`);
    names.push(name);
    lines.push(`import { ${name} } from "./${file}";`);
  }
  lines.push("", `export const typedFiles = [\n  ${names.join(",\n  ")},\n];`, "");
  return lines.join("\n");
}

function hashOfInputs(root, overlay, deps) {
  const hash = createHash("sha256");
  for (const file of filesIn(overlay, "")) hash.update(file).update(readFileSync(join(overlay, file)));
  hash.update(readFileSync(join(root, "scripts/envoy-protos.mjs")));
  const { resolve } = createRequire(join(root, "package.json"));
  for (const name of ["@bufbuild/protoc-gen-es/package.json", "@bufbuild/buf/package.json"])
    hash.update(readFileSync(resolve(name)));
  hash.update(readFileSync(join(deps, "../package.json")));
  return hash.digest("hex");
}

function buf(root, cwd, args) {
  const result = spawnSync(join(root, "node_modules/.bin/buf"), args, { cwd, stdio: "inherit" });
  if (result.status !== 0) throw new Error(`buf ${args[0]} failed`);
}

function protosIn(folder) {
  return filesIn(folder, ".proto");
}

function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
