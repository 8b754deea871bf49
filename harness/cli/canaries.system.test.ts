import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { Secrets } from '../model/secrets.ts';
import { readyTarget } from '../model/target.ts';
import { type Canary, canariesOf, leaksBelow, leaksIn } from '../testing/canaries.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { drillParts } from './real-parts.ts';

const CONFIG = 'fixtures/leaky-platform/dr-contracts.config.ts';
/** Values that the contracts of the leaky platform read from the environment of the process. */
const READ = {
  DECLARED: 'canary-declared-\'0b7e"51f3',
  LINES: '-----BEGIN KEY-----\ncanaryLinesMC4CAQAwBQYDK2VwBCIE\ncanaryLinesIJ8mQmQ1hZ0vXyT3LqVJ\n-----END KEY-----\n',
  READ: 'canary-read-from-process-9c1d',
  IN_URL: 'canary-in-a-url-44e0',
  DESCRIBED: 'canary-described-6a2f8c',
};
const PLANTED: readonly Canary[] = [
  { origin: 'secret(…)', value: READ.DECLARED },
  { origin: 'secret(…), first line', value: 'canaryLinesMC4CAQAwBQYDK2VwBCIE' },
  { origin: 'secret(…), second line', value: 'canaryLinesIJ8mQmQ1hZ0vXyT3LqVJ' },
  { origin: 'a variable read from process.env', value: READ.READ },
  { origin: 'a password in a URL', value: READ.IN_URL },
  { origin: '`secrets` of cronJob', value: READ.DESCRIBED },
  { origin: 'a Secret that becomes a variable', value: 'canary-of-a-variable-5be1f0d2c7' },
  { origin: 'a Secret that becomes a file', value: 'canary-of-a-file-91c3a7e04d' },
  { origin: 'a Secret of a namespace', value: 'canary-of-a-namespace-2f8d64b1ae' },
  { origin: 'a Secret of a namespace, in a file of settings', value: 'canary-of-a-settings-file-77a0c9' },
];

const target = sharedTarget();
const home = process.cwd();
let folder = '';
let printed = '';
let run: RunRecord;
let canaries: readonly Canary[];

async function collected(stream: PassThrough): Promise<string> {
  return (await Array.fromAsync(stream)).join('');
}

/** Runs the command as a user does, but on the target that the other tests also use. */
async function printedBy(command: (io: CommandIo) => Promise<unknown>): Promise<string> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const texts = Promise.all([collected(streams.stdout), collected(streams.stderr)]);
  const io: CommandIo = {
    cwd: home,
    config: CONFIG,
    clock: systemClock,
    signal: AbortSignal.timeout(170_000),
    stdout: streams.stdout as unknown as NodeJS.WriteStream,
    stderr: streams.stderr as unknown as NodeJS.WriteStream,
    environment: {},
    secrets: new Secrets(),
    commandLine: 'dr-contracts drill',
  };
  await command(io);
  for (const stream of Object.values(streams)) stream.end();
  return (await texts).join('\n');
}

beforeAll(async () => {
  for (const [name, value] of Object.entries(READ)) vi.stubEnv(`CANARY_${name}`, value);
  folder = await mkdtemp(join(tmpdir(), 'dr-leaky-platform-'));
  canaries = [...PLANTED, ...(await canariesOf(target))];
  const options = { contracts: [], all: false, keep: false, keepRuns: 1, target: 'local', jobs: 3 } as const;
  const parts = { ...drillParts, startTarget: async () => readyTarget(target) };
  printed = await printedBy((io) => runDrill({ ...options, json: false, out: folder }, io, parts));
  run = runRecordSchema.parse(JSON.parse(await readFile(join(folder, 'latest', 'run.json'), 'utf8')));
  // In a separate process: contract files are loaded once per process.
  const runbook = ['runbook', '--config', CONFIG, '--out', folder, '--file', join(folder, 'runbook.md')];
  const { all } = await execa(process.execPath, [join(home, 'bin/dr-contracts.mjs'), ...runbook], {
    cwd: home,
    all: true,
  });
  printed += all;
});
afterAll(async () => {
  process.chdir(home);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const drillOf = (contract: string) => run.drills.find((drill) => drill.contract.name === contract);

describe('a platform whose programs print every secret that they know', () => {
  it('is drilled: what it prints reaches the records', () => {
    const verdicts = run.drills.map(({ contract, judgement }) => [contract.name, judgement?.verdict]);
    expect(Object.fromEntries(verdicts)).toEqual({
      'keeps-a-namespace': 'met',
      'prints-a-namespace': 'breached',
      'prints-and-fails': 'breached',
      'prints-and-succeeds': 'met',
      'prints-from-a-cron-job': 'met',
      'prints-from-commands': 'met',
    });
    expect(drillOf('prints-and-succeeds')?.restore?.claimed).toContain('***');
    expect(drillOf('prints-and-fails')?.failure?.messages.join()).toContain('it exited 3');
    expect(drillOf('prints-a-namespace')?.failure?.messages.join()).toContain('it exited 4');
  });

  it('B4, B11: leaves no secret in any file or line: records, reports, the runbook, what was printed', async () => {
    expect(await leaksBelow(folder, canaries)).toEqual([]);
    expect(leaksIn(printed, 'printed', canaries)).toEqual([]);
    expect(leaksIn(JSON.stringify(run, undefined, 2), 'run', canaries)).toEqual([]);
  });

  it('B11: has records that stay readable: a single digit in a Secret hides nothing', () => {
    const { durable = null } = drillOf('prints-from-a-cron-job')?.moments ?? {};
    expect(durable?.utc).toMatch(/^20\d\d-/);
    expect(drillOf('prints-from-a-cron-job')?.recoveryPoint?.location).toMatch(
      /^s3:\/\/[a-z-]+\/messaging\/d\w+\/streams\.tar$/,
    );
  });

  it('B4: names the variables of an author in the record, and gives the value of none', () => {
    const variables = drillOf('prints-and-succeeds')?.recovery?.variables ?? [];
    const given = ['GPG_PASSPHRASE', 'API_KEY', 'DATABASE_URL', 'AWS_SECRET_ACCESS_KEY'];
    expect(variables.filter(({ value }) => value !== undefined).map(({ name }) => name)).toContain('RECOVERY_POINT');
    expect(variables.map(({ name }) => name)).toEqual(expect.arrayContaining(given));
    expect(variables.filter(({ name, value }) => given.includes(name) && value !== undefined)).toEqual([]);
  });
});
