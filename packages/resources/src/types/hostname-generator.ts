import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "HostnameGenerator",
  scope: "Global",
  format: json(openObject),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "hostnamegenerators",
  singular: "hostnamegenerator",
  shortName: "hg",
});
