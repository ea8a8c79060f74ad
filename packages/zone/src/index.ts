export { composeZone, createZone, runZone } from "./zone.ts";
