#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on. It refuses a Node that is too old, and starts the command line with the flags that keep its
// memory the same for every size of asset (V8 takes them only at the start).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// The tarball has no sources: Node strips no types below node_modules. The source tree runs them without a build.
const SOURCES = new URL('../harness/cli/start.ts', import.meta.url);
const COMPILED = new URL('../dist/cli/start.js', import.meta.url);
const MAIN = [SOURCES, COMPILED].find((url) => existsSync(url));
/** The sources say `await using`, which Node has since this version; it is compiled away in the tarball. */
const NEEDED_BY_SOURCES = '24.0.0';
const require = createRequire(import.meta.url);
const { flags: HEAP_FLAGS } = require('./node-flags.json');
const { engines } = require('../package.json');
const RESTARTED = 'DR_CONTRACTS_RESTARTED_BY_SHIM';
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

if (MAIN === undefined) {
  refuse('the package is incomplete: it has neither harness/ nor dist/. Install it again.');
} else {
  const needed = MAIN === SOURCES ? NEEDED_BY_SOURCES : engines.node.replace(/^>=\s*/, '');
  if (!isAtLeast(process.versions.node, needed)) {
    const fix = MAIN === SOURCES ? 'Run `npm ci`, then `npm run drill`: npm brings Node 24 along.' : 'Install Node 24.';
    refuse(`Node.js: expected ${needed} or newer, but this is ${process.versions.node} (${process.execPath}). ${fix}`);
  } else if (process.env[RESTARTED] !== undefined || isDebugged()) {
    delete process.env[RESTARTED];
    await import(MAIN.href);
  } else {
    restart();
  }
}

function isAtLeast(version, needed) {
  const [have, want] = [version, needed].map((text) => text.split('.').map(Number));
  const at = want.findIndex((part, index) => part !== have[index]);
  return at === -1 || have[at] > want[at];
}

/** A debugger is attached to one process: to this one. */
function isDebugged() {
  return process.execArgv.some((argument) => argument.startsWith('--inspect'));
}

function restart() {
  // The channel carries nothing: its end tells the child that this process is gone, even after a kill -9.
  const child = spawn(
    process.execPath,
    [...execArguments(), fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [RESTARTED]: '1' },
    },
  );
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => refuse(`Node.js (${process.execPath}) could not be started again: ${error.message}.`));
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 2;
      return;
    }
    for (const forwarded of FORWARDED_SIGNALS) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

/** Node's own arguments, which have the last word, except those that switch off what this restart is for. */
function execArguments() {
  const given = process.execArgv.filter((argument) => !/^--no-(experimental-)?strip-types$/.test(argument));
  return [...HEAP_FLAGS, ...quietFlags(), ...given];
}

/** Node 22 calls stripping of types and `glob` experimental, and says so in every run. */
function quietFlags() {
  return isAtLeast(process.versions.node, '24.0.0') ? [] : ['--disable-warning=ExperimentalWarning'];
}

function refuse(message) {
  process.stderr.write(`dr-contracts: ${message}\n`);
  process.exitCode = 2;
}
