import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-files.ts';
import { gatherFacts } from '../contract/facts.ts';
import { loadContracts } from '../contract/load.ts';
import { runDrill } from '../drill/run-drill.ts';
import type { Contract } from '../model/contract.ts';
import type { Target } from '../model/target.ts';
import { localToolNames } from '../model/tools.ts';
import { runCommand } from '../process/run.ts';
import { localParts, startLocalTarget } from '../targets/local/start.ts';
import { obtainToolchain } from '../toolchain/index.ts';
import { type BareCommands, bareBucket, bareNats, bareVelero, timeBare } from './bare.ts';
import { benchDocker, whyNoDocker } from './docker.ts';
import { type Figure, holds, lineOf, median } from './figures.ts';
import { benchMemory } from './memory.ts';
import { benchReading } from './reading.ts';

const ROUNDS = 3;
const CONTRACTS: readonly { contract: string; disaster: string; bare: BareCommands; tools: string }[] = [
  { contract: 'nats-streams', disaster: 'stream-deleted', bare: bareNats, tools: 'nats stream backup, aws s3 cp' },
  { contract: 'backup-bucket', disaster: 'objects-deleted', bare: bareBucket, tools: 'aws s3 rm, restore script' },
  { contract: 'secrets-and-configuration', disaster: 'namespace-deleted', bare: bareVelero, tools: 'velero, kubectl' },
];
const signal = new AbortController().signal;
const say = (line: string) => process.stdout.write(`${line}\n`);
const inherited = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);

/** Wall time of a drill's backup, disaster and restore against the same tool commands alone, round by round. */
async function benchDrill(
  { contract: name, disaster, bare, tools }: (typeof CONTRACTS)[number],
  contracts: readonly Contract[],
  target: Target,
  scratchDir: string,
): Promise<Figure> {
  const contract = contracts.find((candidate) => candidate.name === name);
  if (contract === undefined) throw new Error(`there is no contract ${name}`);
  const run = await gatherFacts({ runId: 'bench', trigger: 'bench', concurrentDrills: 1 }, signal);
  const ratios: number[] = [];
  const shown: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const bareMs = await timeBare(contract, disaster, bare, target, scratchDir);
    const record = await runDrill({
      contract,
      disaster,
      target,
      drillId: newDrillId(),
      run,
      scratchDir,
      clock: systemClock,
      signal,
      listener: () => undefined,
      save: async () => undefined,
    });
    if (record.judgement?.verdict !== 'met') throw new Error(`${name}: ${record.judgement?.sentence}`);
    const counted = record.stages.filter((stage) => ['backup', 'disaster', 'restore'].includes(stage.name));
    const drillMs = counted.reduce((sum, stage) => sum + stage.durationMs, 0);
    ratios.push(drillMs / bareMs);
    shown.push(`${(drillMs / 1_000).toFixed(1)}/${(bareMs / 1_000).toFixed(1)} s`);
  }
  return {
    name: `${name}: drill / bare script`,
    value: median(ratios),
    unit: 'ratio',
    bound: { atMost: 1.15 },
    detail: `${tools}; ${shown.join(', ')}`,
  };
}

async function benchWholeRun(): Promise<Figure> {
  const beganMs = systemClock.monotonicMs();
  const out = await mkdtemp(join(tmpdir(), 'dr-contracts-bench-out-'));
  try {
    const args = ['bin/dr-contracts.mjs', 'drill', '--target', 'local', '--out', out];
    await runCommand({ name: 'dr-contracts drill', file: process.execPath, args, env: inherited }, signal);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
  const tookMs = systemClock.monotonicMs() - beganMs;
  return { name: 'whole warm contract run', value: tookMs / 1_000, unit: 's', detail: 'wanted: under 90 s' };
}

const wanted = process.argv.slice(2);
const asked = (name: string) => wanted.length === 0 || wanted.includes(name);
const figures: Figure[] = [];
const add = (figure: Figure) => {
  figures.push(figure);
  say(lineOf(figure));
};
const toolchain = await obtainToolchain(localToolNames, { clock: systemClock, signal, progress: say });
const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-bench-'));
try {
  if (asked('run')) add(await benchWholeRun());
  await using started = await startLocalTarget({
    toolchain,
    parts: localParts,
    clock: systemClock,
    signal,
    progress: () => undefined,
  });
  const { totalMs, ...parts } = started.startedIn;
  const each = Object.entries(parts).map(([part, tookMs]) => `${part} ${(tookMs / 1_000).toFixed(1)} s`);
  add({
    name: 'target start-up, warm',
    value: totalMs / 1_000,
    unit: 's',
    detail: `wanted: under 10 s; ${each.join(', ')}`,
  });
  if (asked('reading')) add(await benchReading(started.target, scratchDir));
  if (asked('drills')) {
    const contracts = await loadContracts({
      folder: resolve('.'),
      files: CONTRACTS.map(({ contract }) => resolve(`contracts/${contract}.spec.ts`)),
      mistakes: [],
    });
    for (const pair of CONTRACTS) add(await benchDrill(pair, contracts, started.target, scratchDir));
  }
  if (asked('docker')) {
    const why = await whyNoDocker(signal);
    if (why !== undefined) say(`docker target: not measured, ${why}`);
    else
      for (const figure of await benchDocker({ target: started.target, readyMs: totalMs }, scratchDir, signal))
        add(figure);
  }
  if (asked('memory')) {
    for (const figure of await benchMemory(started.handle, { scratchDir, env: inherited }, signal)) add(figure);
  }
} finally {
  await rm(scratchDir, { recursive: true, force: true });
}
const broken = figures.filter((figure) => !holds(figure));
say(broken.length === 0 ? 'Every bound holds.' : `${broken.length} of ${figures.length} figures are out of bounds.`);
process.exitCode = broken.length === 0 ? 0 : 1;
