#!/usr/bin/env node
// What runs for long starts without the commands of an operator.
const { loadBundle } = require("./bundle.js");

const services = ["global", "zone", "dp"];
loadBundle(services.includes(process.argv[2]) ? "./isthmus-service.cjs" : "./isthmus.cjs");
