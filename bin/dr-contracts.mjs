#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on: starts the command line with a Node that runs TypeScript by itself, and with the flags
// that keep its memory the same for every size of asset (V8 takes them only at the start).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The tarball has no sources: Node strips no types below node_modules. The source tree runs them without a build.
const MAIN = ['../harness/cli/main.ts', '../dist/cli/main.js']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
const { flags: HEAP_FLAGS } = createRequire(import.meta.url)('./node-flags.json');
const RESTARTED = 'DR_CONTRACTS_RESTARTED_BY_SHIM';
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

if (MAIN === undefined) {
  process.stderr.write(
    'dr-contracts: the package is incomplete: it has neither harness/ nor dist/. Install it again.\n',
  );
  process.exitCode = 2;
} else if (isUsable() && (process.env[RESTARTED] !== undefined || isDebugged())) {
  delete process.env[RESTARTED];
  await import(MAIN.href);
} else if (process.env[RESTARTED] !== undefined) {
  refuse(`The bundled Node is ${process.version}, which is too old as well.`);
} else if (isUsable()) {
  restartWith(process.execPath);
} else {
  const bundled = bundledNode();
  if (bundled === undefined) refuse(`This is Node ${process.versions.node}, and no newer one is bundled.`);
  else restartWith(bundled);
}

function isUsable() {
  return stripsTypes() && isNewEnough();
}

/** A debugger is attached to one process: to this one. */
function isDebugged() {
  return process.execArgv.some((argument) => argument.startsWith('--inspect'));
}

function isNewEnough() {
  const [major = 0] = process.versions.node.split('.').map(Number);
  // Types are stripped since 22.18; `await using` is understood since 24.
  return major >= 24;
}

function stripsTypes() {
  // A string since 22.10 ('strip'), false when switched off, undefined on older releases.
  return Boolean(process.features.typescript);
}

/**
 * The binary of the npm package for this platform, wherever the package manager put it. Not of the package `node`, which
 * is only an install script that installs this one: npm runs no install scripts of dependencies that nobody approved.
 */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch (error) {
    if (error?.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function restartWith(binary) {
  // The channel carries nothing: its end tells the child that this process is gone, even after a kill -9.
  const child = spawn(binary, [...execArguments(), fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [RESTARTED]: '1' },
  });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => refuse(`The bundled Node (${binary}) could not be started: ${error.message}.`));
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 2;
      return;
    }
    for (const forwarded of FORWARDED_SIGNALS) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

/** Node's own arguments, which have the last word, but for those that switch off what this restart is for. */
function execArguments() {
  const given = process.execArgv.filter((argument) => !/^--no-(experimental-)?strip-types$/.test(argument));
  return [...HEAP_FLAGS, ...given];
}

function refuse(observed) {
  process.stderr.write(
    `dr-contracts: Node.js: expected 24 or newer, but: ${observed} ` +
      'Install Node 24, or on Linux install this package again with its optional dependencies, which bring one.\n',
  );
  process.exitCode = 2;
}
