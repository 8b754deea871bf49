import { createReadStream } from 'node:fs';
import type { Clock } from '../clock/clock.ts';
import { usersHome } from '../process/private-home.ts';
import { runCommand } from '../process/run.ts';
import type { VersionProbe } from '../registered/recipe.ts';

/** Generous: the AWS command line takes seconds to load on a busy machine. */
const VERSION_BUDGET_MS = 60_000;

/**
 * Returns the version that a program reports, without a leading `v`.
 * @throws when it cannot be run, does not answer in time, or prints no version.
 */
export async function readVersion(
  path: string,
  probe: VersionProbe,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const budget = new AbortController();
  const eitherSignal = AbortSignal.any([signal, budget.signal]);
  const expired = clock.pause(VERSION_BUDGET_MS, eitherSignal).then(
    () => budget.abort(new Error(`${path} did not say its version within ${VERSION_BUDGET_MS} ms`)),
    () => undefined,
  );
  try {
    return probe.kind === 'command'
      ? await askCommand(path, probe, eitherSignal)
      : await readBuildInfo(path, probe.module, eitherSignal);
  } finally {
    budget.abort(new Error('the version is known'));
    await expired;
  }
}

async function askCommand(
  path: string,
  probe: Extract<VersionProbe, { kind: 'command' }>,
  signal: AbortSignal,
): Promise<string> {
  const name = `${path} ${probe.args.join(' ')}`;
  const { stdout, stderr } = await runCommand({ name, file: path, args: probe.args, env: usersHome() }, signal);
  const version = parseVersion(stdout, probe.pattern) ?? parseVersion(stderr, probe.pattern);
  if (version === undefined) throw new Error(`${name} said no version: ${JSON.stringify(stdout.slice(0, 200))}`);
  return version;
}

function parseVersion(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1];
}

/**
 * Searches for the line `mod <TAB> module <TAB> version` that the Go linker writes into every program (runtime/debug.BuildInfo), in pieces,
 * so that a program of 100 MB is not held in memory.
 */
async function readBuildInfo(path: string, module: string, signal: AbortSignal): Promise<string> {
  const line = new RegExp(`\\t${module.replaceAll('.', '\\.')}\\tv?([^\\s\\t]{1,80})[\\t\\n]`);
  let carried = '';
  for await (const piece of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20, signal })) {
    const text = carried + String(piece);
    const version = parseVersion(text, line);
    if (version !== undefined) return version;
    carried = text.slice(-(module.length + 100));
  }
  throw new Error(`${path} holds no Go build information for ${module}`);
}
