#!/usr/bin/env node
// What runs for long starts without the commands of an operator.
const services = ["global", "zone", "dp"];
await import(services.includes(process.argv[2]) ? "../dist/isthmus-service.js" : "../dist/isthmus.js");
