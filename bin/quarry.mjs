#!/usr/bin/env node
// The command line's front door. Runs under any Node >= 20 and hands over to the project's own Node 24 where it is
// installed, because the sources are TypeScript that only newer versions of Node can run as they are.
import { handOver } from '../scripts/runtime.mjs'

await handOver(new URL('../core/host/cli.ts', import.meta.url), process.argv.slice(2))
