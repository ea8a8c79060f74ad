export { createZone, runZone } from "./zone.ts";
