#!/usr/bin/env node
import "../dist/isthmus.js";
