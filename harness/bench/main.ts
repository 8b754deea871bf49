import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { loadContracts } from '../contract/load.ts';
import { runCommand } from '../process/run.ts';
import { ownedFolder } from '../process/scratch.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { asProcesses } from '../targets/local/runtime.ts';
import { startTarget } from '../targets/start.ts';
import { obtainToolchain } from '../toolchain/obtain.ts';
import { localToolNames } from '../toolchain/recipes.ts';
import { type BenchPart, benchOptions, needsTarget } from './bench-options.ts';
import { benchCost } from './cost.ts';
import { benchDocker, type VeleroDrill, whyNoDocker } from './docker.ts';
import { benchEvidenceCost, countingCpu, ownCpuMs } from './evidence-cost.ts';
import { type Figure, holds, lineOf } from './figures.ts';
import { benchLedger } from './ledger.ts';
import { benchMemory } from './memory.ts';
import { benchReading } from './reading.ts';
import { benchVelero } from './velero.ts';

const VELERO = { file: 'contracts/secrets-and-configuration.spec.ts', disaster: 'namespace-deleted' } as const;

const { parts, size } = benchOptions(process.argv.slice(2));
const signal = new AbortController().signal;
const say = (line: string) => process.stdout.write(`${line}\n`);
const inherited = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
const figures: Figure[] = [];
const add = (figure: Figure) => {
  figures.push(figure);
  say(lineOf(figure));
};
const asked = (part: BenchPart) => parts.includes(part);
// Marked with this process: `dr-contracts gc` collects it when the bench was killed.
const scratchDir = ownedFolder();
try {
  if (asked('ledger')) {
    for (const figure of await benchLedger({ scratchDir, env: inherited }, size, signal)) add(figure);
  }
  if (needsTarget(parts)) await benchOnTarget();
} finally {
  await rm(scratchDir, { recursive: true, force: true });
}
const broken = figures.filter((figure) => !holds(figure));
say(broken.length === 0 ? 'Every bound holds.' : `${broken.length} of ${figures.length} figures are out of bounds.`);
process.exitCode = broken.length === 0 ? 0 : 1;

async function benchOnTarget(): Promise<void> {
  const toolchain = await obtainToolchain(localToolNames, { clock: systemClock, signal, progress: say });
  if (asked('run')) for (const figure of await benchWholeRun()) add(figure);
  await using started = await startTarget(asProcesses(), {
    toolchain,
    parts: capabilitiesOf('local'),
    clock: systemClock,
    signal,
    progress: () => undefined,
  });
  const { target, handle } = started;
  const { totalMs, ...each } = started.startedIn;
  add({
    name: 'target start-up, warm',
    value: totalMs / 1_000,
    unit: 's',
    detail: `wanted: under 10 s; ${Object.entries(each)
      .map(([part, tookMs]) => `${part} ${(tookMs / 1_000).toFixed(1)} s`)
      .join(', ')}`,
  });
  if (asked('reading')) add(await benchReading(target, scratchDir, size));
  if (asked('cost')) add(await benchCost(handle, { scratchDir, env: inherited }, size.costPairs, signal));
  if (asked('velero') || asked('docker')) {
    const velero = await veleroDrill();
    if (asked('velero')) add(await benchVelero({ ...velero, target, scratchDir, signal }, size.veleroRounds));
    const why = asked('docker') ? await whyNoDocker(signal) : 'nobody asked for it';
    if (why === undefined) {
      const { kindAlone } = size;
      const local = { target, readyMs: totalMs };
      for (const figure of await benchDocker(local, velero, { scratchDir, kindAlone }, signal)) add(figure);
    } else if (asked('docker')) say(`docker target: not measured, ${why}`);
  }
  if (asked('memory')) {
    for (const figure of await benchMemory(handle, { scratchDir, env: inherited }, size, signal)) add(figure);
  }
}

/** Loaded once for all who drill it. */
async function veleroDrill(): Promise<VeleroDrill> {
  const [contract] = await loadContracts({ folder: resolve('.'), files: [resolve(VELERO.file)], mistakes: [] });
  if (contract === undefined) throw new Error(`${VELERO.file} states no contract`);
  return { contract, disaster: VELERO.disaster };
}

async function benchWholeRun(): Promise<Figure[]> {
  const out = ownedFolder();
  const cpuFile = join(scratchDir, 'run-cpu');
  try {
    const args = ['bin/dr-contracts.mjs', 'drill', '--target', 'local', '--out', out];
    const env = countingCpu(inherited, cpuFile);
    const beganMs = systemClock.monotonicMs();
    await runCommand({ name: 'dr-contracts drill', file: process.execPath, args, env }, signal);
    const tookMs = systemClock.monotonicMs() - beganMs;
    const run = { out, ownMs: await ownCpuMs(cpuFile) };
    return [
      { name: 'whole warm contract run', value: tookMs / 1_000, unit: 's', detail: 'wanted: under 90 s' },
      ...(await benchEvidenceCost(run, { scratchDir, env: inherited }, signal)),
    ];
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
