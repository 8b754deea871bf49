import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExplainedError } from '../model/errors.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { thisMachine } from '../process/identity.ts';
import { madeUpDrill, madeUpJudgement } from '../reporting/testing/made-up-records.ts';
import { runDrill } from './drill-command.ts';
import type { DrillParts } from './drill-parts.ts';
import { InterruptedError } from './interruption.ts';
import type { DrillOptions } from './make-run.ts';
import { stubParts, withStubIo } from './testing/stub-parts.ts';

const options: DrillOptions = {
  target: 'local',
  contracts: [],
  all: false,
  keep: false,
  json: false,
  out: 'reports',
  jobs: 1,
  keepRuns: 10,
};

const latest = async (cwd: string) =>
  runRecordSchema.parse(JSON.parse(await readFile(join(cwd, 'reports', 'latest', 'run.json'), 'utf8')));

describe('dr-contracts drill', () => {
  it('writes the run record, prints the report and exits by the verdicts', () =>
    withStubIo(async ({ io, stdout }) => {
      const drill = madeUpDrill({ judgement: { verdict: 'breached', sentence: 'One Secret differs.' } });
      expect(await runDrill(options, io, stubParts({ records: [drill] }).parts)).toBe(1);
      const record = await latest(io.cwd);
      expect(record).toMatchObject({ command: 'dr-contracts drill', summary: { drills: 1, breached: 1, exitCode: 1 } });
      expect(record.stages.map((stage) => stage.name)).toEqual([
        'toolchain',
        'target started',
        'drills',
        'target stopped',
      ]);
      expect(stdout()).toContain('breached nats-streams/stream-deleted: One Secret differs.');
      expect(stdout()).toMatch(/Look at .* in reports\/runs\/\d{8}T\d{9}Z-[0-9a-f]{6}\/drills\/[\w-]+\.json/);
      expect(stdout()).toContain('Run record: reports/latest/run.json');
    }));

  it('prints the run record and nothing else to stdout with --json', () =>
    withStubIo(async ({ io, stdout, stderr }) => {
      await runDrill({ ...options, json: true }, io, stubParts({ records: [madeUpDrill()] }).parts);
      expect(runRecordSchema.parse(JSON.parse(stdout()))).toEqual(await latest(io.cwd));
      expect(stderr()).toMatch(/^\d\d:\d\d:\d\dZ contracts loaded: begins$/m);
    }));

  it('keeps the cluster for a developer, never for a gate', () =>
    withStubIo(async ({ io, stdout }) => {
      const { parts, events } = stubParts({ records: [madeUpDrill()] });
      await runDrill({ ...options, keep: true }, io, parts);
      await runDrill({ ...options, keep: true }, { ...io, environment: { CI: 'true' } }, parts);
      expect(events.filter((event) => event.startsWith('target up'))).toEqual(['target up, to be kept', 'target up']);
      expect(stdout()).toContain('--keep is ignored, because CI is set: a run in CI always starts with a new cluster');
    }));

  it('fails when no drill was run, for nothing is proved', () =>
    withStubIo(async ({ io }) => {
      await expect(runDrill(options, io, stubParts({ records: [] }).parts)).rejects.toThrow(/none was run/);
      expect((await latest(io.cwd)).summary.exitCode).toBe(2);
    }));

  it('keeps no run, and the latest one as it was, when the input is bad', () =>
    withStubIo(async ({ io }) => {
      const { parts } = stubParts({ records: [madeUpDrill()] });
      await runDrill(options, io, parts);
      const before = await latest(io.cwd);
      const explanation = { thing: 'contract "x"', expected: 'a', observed: 'b', nextStep: 'c' };
      const refusing = { ...parts, runContracts: () => Promise.reject(new ExplainedError(explanation)) };
      await expect(runDrill(options, io, refusing)).rejects.toThrow(/contract "x"/);
      expect(await latest(io.cwd)).toEqual(before);
      expect(await readdir(join(io.cwd, 'reports', 'runs'))).toHaveLength(1);
    }));

  it('records a run that breaks off, with the drills that had left records', () =>
    withStubIo(async ({ io, stdout }) => {
      const { parts, events } = stubParts({
        records: [madeUpDrill()],
        during: () => Promise.reject(new Error('the target died')),
      });
      await expect(runDrill(options, io, parts)).rejects.toThrow('the target died');
      const record = await latest(io.cwd);
      expect(record.failure).toEqual({ messages: ['the target died'], interrupted: false });
      expect(record.summary).toMatchObject({ drills: 1, met: 1, exitCode: 2 });
      expect(stdout()).toContain('1 drill in');
      expect(events).toEqual(['target up', 'target gone', 'scratch gone']);
    }));

  it('ends an interrupted run with its summary, its record and everything stopped', () =>
    withStubIo(async ({ io, stdout, controller }) => {
      const { parts, events } = stubParts({
        records: [madeUpDrill()],
        during: async () => controller.abort(new InterruptedError('SIGINT')),
      });
      await expect(runDrill(options, io, parts)).rejects.toThrow(/interrupted by SIGINT/);
      expect(await latest(io.cwd)).toMatchObject({ failure: { interrupted: true }, summary: { exitCode: 2 } });
      expect(stdout()).toContain('Exit 2.');
      expect(events).toEqual(['target up', 'target gone', 'scratch gone']);
    }));

  it('does not hide a teardown that failed behind the interruption', () =>
    withStubIo(async ({ io, controller }) => {
      const { parts } = stubParts({
        records: [],
        during: async () => {
          controller.abort(new InterruptedError('SIGINT'));
          throw new Error('could not stop etcd');
        },
      });
      await expect(runDrill(options, io, parts)).rejects.toMatchObject({
        message: 'interrupted by SIGINT, and then',
        cause: new Error('could not stop etcd'),
      });
    }));

  it('goes on when the progress cannot be printed, and says so at the end', () =>
    withStubIo(async ({ io, stderr }) => {
      const broken = Object.assign(Object.create(io.stdout), {
        write: (text: string) => {
          if (/^\d\d:\d\d/.test(text)) throw new Error('no such terminal');
          return io.stdout.write(text);
        },
      });
      const { parts } = stubParts({
        records: [madeUpDrill()],
        during: async ({ listener }) =>
          listener({ kind: 'judged', drill: 'a/b', durationMs: 1, judgement: madeUpJudgement() }),
      });
      expect(await runDrill(options, { ...io, stdout: broken }, parts)).toBe(0);
      expect(stderr()).toBe('dr-contracts: note: The live view failed and was left out: no such terminal\n');
    }));

  it('prints what was found even when the record cannot be written', () =>
    withStubIo(async ({ io, stdout }) => {
      const { parts } = stubParts({
        records: [madeUpDrill()],
        during: async () => {
          await rm(join(io.cwd, 'reports', 'latest'), { recursive: true });
          await writeFile(join(io.cwd, 'reports', 'latest'), 'in the way');
        },
      });
      await expect(runDrill(options, io, parts)).rejects.toThrow(
        /run record .*latest\/run.json: .*a file is in its place/,
      );
      expect(stdout()).toContain('nats-streams');
    }));

  it('B37: says of a run whose process was killed that it was begun, and where it was killed', () =>
    withStubIo(async ({ io, stderr }) => {
      const runs = join(io.cwd, 'reports', 'runs');
      const { parts } = stubParts({ records: [madeUpDrill()] });
      let begun: unknown;
      const startTarget: DrillParts['startTarget'] = async (wanted, step) => {
        const [run = ''] = await readdir(runs);
        begun = JSON.parse(await readFile(join(runs, run, 'begun.json'), 'utf8'));
        // Leftovers of a killed process: a run's folder, and an owner that no longer exists.
        const left = join(runs, '20260101T000000000Z-abcdef');
        await cp(join(runs, run), left, { recursive: true });
        const owner = { pid: process.pid, startTime: 'of another process' };
        await writeFile(join(left, 'running.pid'), JSON.stringify({ owner, machine: thisMachine() }));
        return parts.startTarget(wanted, step);
      };
      await runDrill(options, io, { ...parts, startTarget });
      expect(begun).toMatchObject({ command: 'dr-contracts drill', target: 'local', stage: 'target started' });
      await runDrill(options, io, parts);
      expect(stderr()).toMatch(/run \S+ was killed at the stage "target started"/);
      const record = await readFile(join(runs, '20260101T000000000Z-abcdef', 'run.json'), 'utf8');
      expect(runRecordSchema.parse(JSON.parse(record))).toMatchObject({
        failure: { interrupted: true },
        summary: { exitCode: 2 },
      });
    }));

  it('B1: keeps the verdict of a drill whose record could not be saved', () =>
    withStubIo(async ({ io, stdout }) => {
      const unsaved = madeUpDrill({ contract: 'orders' });
      const { parts } = stubParts({
        records: [],
        during: async ({ onDrilled }) => {
          onDrilled?.(unsaved);
          throw new Error('disk full');
        },
      });
      await expect(runDrill(options, io, parts)).rejects.toThrow('disk full');
      expect((await latest(io.cwd)).drills.map(({ contract }) => contract.name)).toEqual(['orders']);
      expect(stdout()).toContain('orders');
    }));

  it('keeps the last runs only', () =>
    withStubIo(async ({ io }) => {
      const { parts } = stubParts({ records: [madeUpDrill()] });
      for (let run = 0; run < 3; run += 1) await runDrill({ ...options, keepRuns: 2 }, io, parts);
      expect(await readdir(join(io.cwd, 'reports', 'runs'))).toHaveLength(2);
    }));

  it('refuses a folder without contracts', () =>
    withStubIo(async ({ io }) => {
      await rm(join(io.cwd, 'contracts'), { recursive: true });
      await expect(runDrill(options, io, stubParts({ records: [] }).parts)).rejects.toThrow(/there are none/);
    }));

  it('a mistake in one contract is printed, recorded and ends the run with 2, while the others were drilled', () =>
    withStubIo(async ({ io, stderr }) => {
      const { parts } = stubParts({ records: [madeUpDrill()] });
      const mistake = { contract: 'bad', file: 'contracts/bad.spec.ts', error: new Error('it has no owner') };
      const runContracts: typeof parts.runContracts = async (given) => ({
        ...(await parts.runContracts(given)),
        mistakes: [mistake],
      });
      expect(await runDrill(options, io, { ...parts, runContracts })).toBe(2);
      expect(stderr()).toContain('dr-contracts: contract "bad" in contracts/bad.spec.ts: it has no owner\n');
      expect(await latest(io.cwd)).toMatchObject({ summary: { met: 1, exitCode: 2 }, mistakes: [{ contract: 'bad' }] });
    }));

  it.each([
    ['fails where nothing explains it', { failsRun: true }, 2, 'CI is set and the target was chosen automatically'],
    ['does not fail where the configuration explains it', { reason: 'runs in staging' }, 0, 'api (runs in staging)'],
    ['does not fail for a target that was asked for', {}, 0, 'api (needs pods)'],
  ])('B29: a run that left out a contract %s', (_what, extra, code, said) =>
    withStubIo(async ({ io, stderr }) => {
      const { parts } = stubParts({ records: [madeUpDrill()] });
      const left = { contract: 'api', lacking: ['pods'] as const, ...extra };
      const runContracts: typeof parts.runContracts = async (given) => {
        await given.carriedBy?.([], { clock: given.clock, signal: given.signal, progress() {} });
        return { ...(await parts.runContracts(given)), leftOut: [left] };
      };
      expect(await runDrill(options, io, { ...parts, runContracts })).toBe(code);
      expect(stderr()).toContain(said);
      expect((await latest(io.cwd)).leftOut).toEqual([left]);
    }),
  );

  it('B29: only a pipeline that leaves the choice to the machine must run every contract', () =>
    withStubIo(async ({ io }) => {
      const asked: boolean[] = [];
      const { parts } = stubParts({ records: [madeUpDrill()] });
      const runContracts: typeof parts.runContracts = async (given) => {
        const carried = await given.carriedBy?.([], { clock: given.clock, signal: given.signal, progress() {} });
        asked.push(carried?.mustRunAll === true);
        return await parts.runContracts(given);
      };
      const pipeline = { ...io, environment: { CI: 'true' } };
      const { target: _none, ...automatic } = options;
      await runDrill(automatic, pipeline, { ...parts, runContracts });
      await runDrill(options, pipeline, { ...parts, runContracts });
      await runDrill(automatic, io, { ...parts, runContracts });
      expect(asked).toEqual([true, false, false]);
    }));

  it('a clean-up that failed is printed, and the run is not a success', () =>
    withStubIo(async ({ io, stderr }) => {
      const drill = madeUpDrill();
      const cleanup = [{ what: 'bucket x', outcome: 'failed' as const, message: 'access denied' }];
      const { parts } = stubParts({ records: [{ ...drill, cleanup }] });
      expect(await runDrill(options, io, parts)).toBe(2);
      expect(stderr()).toContain('nats-streams/stream-deleted: not cleaned up: bucket x: access denied');
    }));
});
