/**
 * Every v3 message of Envoy's API as far as the snapshot knows it: for what users write themselves, such as the filters of a
 * MeshProxyPatch. Made from descriptors at the first call (about 0.3 s), without TypeScript types.
 */
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { createFileRegistry, fromBinary, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { allFiles } from "./gen/all-files.ts";

let registry: Registry | undefined;

export function allEnvoyTypes(): Registry {
  registry ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, inflateRawSync(Buffer.from(allFiles, "base64"))));
  return registry;
}
