import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { thisMachine } from '../process/identity.ts';
import { describeTrigger } from '../project/ran-by.ts';
import { RUNNING_FILE, writeBegun } from '../reporting/earlier-runs.ts';
import { madeUpDrill, madeUpJudgement, madeUpPosture, madeUpRun } from '../reporting/testing/made-up-records.ts';
import { checkNeededBuilder, checkNeededTool } from './doctor-checks.ts';
import { doctorReport, renderDoctorReport, runDoctor } from './doctor-command.ts';
import { type Garbage, runGc } from './gc-command.ts';
import { runList } from './list-command.ts';
import { doctorParts } from './real-parts.ts';
import { withStubIo } from './testing/stub-parts.ts';
import { runVerdict } from './verdict-command.ts';

const garbage: Garbage = { scratchRoot: tmpdir(), collected: [], live: [], leftAlone: [], problems: [] };
const dead = {
  id: 'abc',
  dir: '/nowhere/scratch/abc',
  began: '2025-11-23T12:00:00Z',
  killed: [{ pid: 7, name: 'etcd' }],
};
const go = { name: 'go', wantedVersion: '1.26.0 or newer', foundVersion: '1.26.8', source: 'path', needed: false };
const inspectBuilders = async () => [go];
const inspectDocker = async () => [
  { name: 'docker', wantedVersion: 'API 1.41 or newer', missing: 'no docker is on PATH', fix: 'Install it.' },
];
const etcd = { name: 'etcd', wantedVersion: '3.6.4', foundVersion: '3.6.4', source: 'cache' };

/** Everything is present; the real sandbox is inspected. */
const readyParts = {
  ...doctorParts,
  inspectToolchain: async () => [etcd],
  inspectBuilders,
  inspectDocker,
  collectGarbage: async () => garbage,
};

describe('doctor', () => {
  it('reports the sandbox that the configuration of the project chooses', () =>
    withStubIo(async ({ io, stdout }) => {
      await writeFile(join(io.cwd, 'dr-contracts.config.mjs'), "export default { sandbox: 'none' };\n");
      expect(await runDoctor({ json: true }, io, readyParts)).toBe(0);
      const sandbox = JSON.parse(stdout()).checks.find(({ name }: { name: string }) => name === 'sandbox');
      expect(sandbox).toMatchObject({
        state: 'note',
        found: 'none',
        problem: expect.stringContaining("sandbox: 'none'"),
      });
    }));

  it('is not ready when the configuration cannot be read', () =>
    withStubIo(async ({ io, stdout }) => {
      await writeFile(join(io.cwd, 'dr-contracts.config.mjs'), "export default { sandbox: 'perhaps' };\n");
      expect(await runDoctor({ json: true }, io, readyParts)).toBe(2);
      expect(stdout()).toContain('configuration');
    }));

  it('is ready when every tool is there, and lists where each came from', () =>
    withStubIo(async ({ io, stdout }) => {
      const parts = {
        inspectToolchain: async () => [etcd],
        inspectBuilders,
        inspectDocker,
        collectGarbage: async () => garbage,
      };
      expect(await runDoctor({ json: true }, io, parts)).toBe(0);
      const report = JSON.parse(stdout());
      expect(report.ready).toBe(true);
      expect(report.checks[0]).toEqual({ name: 'etcd', state: 'ok', wanted: '3.6.4', found: '3.6.4', from: 'cache' });
      expect(report.checks.map((check: { name: string }) => check.name)).toEqual([
        'etcd',
        'docker',
        'node',
        'go',
        'scratch folder',
        'free disk',
        'leftovers',
      ]);
    }));

  it('names what is missing and the command that fixes it, and exits 2', () =>
    withStubIo(async ({ io, stdout }) => {
      const missing = { name: 'velero', wantedVersion: '1.18.3', missing: true, fix: 'npx dr-contracts toolchain' };
      const parts = {
        inspectToolchain: async () => [etcd, missing],
        inspectBuilders,
        inspectDocker,
        collectGarbage: async () => garbage,
      };
      expect(await runDoctor({ json: false }, io, parts)).toBe(2);
      expect(stdout()).toContain('missing velero: not found\n  Fix: npx dr-contracts toolchain');
      expect(stdout()).toContain('A drill cannot start');
    }));

  it('E20: is ready when what is missing is needed by no contract here, and says which of them that is', () =>
    withStubIo(async ({ io, stdout }) => {
      const index = new URL('../index.ts', import.meta.url).pathname;
      await writeFile(
        join(io.cwd, 'contracts/one.spec.ts'),
        `import { contract, jetstream, script } from '${index}';
        contract({
          name: 'orders', rto: '15m', rpo: '5m', priority: 'P1', owner: 'tests', survives: ['stream-deleted'],
          asset: jetstream({ streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 10 }] }),
          protectedBy: script({
            backup: 'b.sh', restore: 'r.sh', schedule: { cron: '*/2 * * * *', timeZone: 'UTC' }, prefix: 'nats/',
          }),
          detection: { failures: 3, every: '30s' }, decision: '1m',
        });`,
      );
      const found = { wantedVersion: '1', foundVersion: '1', source: 'cache' };
      const absent = { wantedVersion: '1', missing: true };
      const statuses = [
        { name: 'nats-server', ...found },
        { name: 'nats', ...found },
        { name: 'velero', ...absent },
        { name: 'etcd', ...absent },
      ];
      const parts = { ...readyParts, inspectToolchain: async () => statuses };
      expect(await runDoctor({ json: false, target: 'local' }, io, parts)).toBe(0);
      expect(stdout()).toContain(
        'note velero and etcd: not found; no contract here needs it\n  Fix: npx dr-contracts toolchain --all',
      );
    }));

  it('needs Go and Python only while a tool is missing that one of them builds, and says what that keeps from being proved', () => {
    const absent = { name: 'go', wantedVersion: '1.26.0 or newer', missing: 'not found', fix: 'Install Go.' };
    const check = {
      name: 'nats',
      state: 'missing',
      wanted: '1',
      found: '-',
      from: '-',
      contracts: ['orders'],
    } as const;
    const waiting = [{ status: { name: 'nats', wantedVersion: '1', builder: 'go' }, check }];
    expect(checkNeededBuilder({ ...absent, needed: false }, waiting)).toMatchObject({ state: 'note' });
    expect(checkNeededBuilder({ ...absent, needed: true }, waiting)).toMatchObject({
      state: 'missing',
      contracts: ['orders'],
    });
  });

  it('asks what only those tools need that are missing and needed here', () =>
    withStubIo(async ({ io }) => {
      const asked: (readonly string[])[] = [];
      const absent = { wantedVersion: '1', missing: true };
      const parts = {
        ...readyParts,
        needs: async () => ({
          target: 'local' as const,
          promises: { tools: new Map([['nats' as const, ['orders']]]), images: new Map() },
        }),
        inspectToolchain: async () => [etcd, { name: 'nats', ...absent }, { name: 'aws', ...absent }],
        inspectBuilders: async (missing: readonly string[]) => {
          asked.push(missing);
          return [go];
        },
      };
      expect(await runDoctor({ json: true }, io, parts)).toBe(2);
      expect(asked).toEqual([['nats']]);
    }));

  it('only notes that the docker target has no daemon: the local one needs none', () =>
    withStubIo(async ({ io, stdout }) => {
      const kind = { name: 'kind', wantedVersion: '0.33.0', missing: true };
      const parts = {
        inspectToolchain: async () => [etcd, kind],
        inspectBuilders,
        inspectDocker,
        collectGarbage: async () => garbage,
      };
      expect(await runDoctor({ json: false }, io, parts)).toBe(0);
      expect(stdout()).toContain('note docker: no docker is on PATH\n  Fix: Install it.');
      expect(stdout()).toContain('note kind: not found');
    }));

  it('only notes what dead sessions left: the next drill collects it', () =>
    withStubIo(async ({ io, stdout }) => {
      const parts = {
        inspectToolchain: async () => [etcd],
        inspectBuilders,
        inspectDocker,
        collectGarbage: async () => ({ ...garbage, collected: [dead] }),
      };
      expect(await runDoctor({ json: false }, io, parts)).toBe(0);
      expect(stdout()).toContain('1 dead session with 1 running process\n  Fix: npx dr-contracts gc');
    }));

  it('is not ready when nothing was checked', () => {
    expect(doctorReport([]).ready).toBe(false);
  });

  it('fits into 100 columns', () => {
    const names = ['nats-server', 'kube-controller-manager', 'velero-plugin-for-aws', 'localstack-python'];
    const version = { wantedVersion: 'v1.34.4', foundVersion: 'v1.34.4' };
    const checks = names.map((name) => checkNeededTool({ ...etcd, name, ...version }, { target: 'local' }));
    const traits = { live: false, columns: 100, rows: 24, colour: false, unicode: false };
    const text = renderDoctorReport(doctorReport(checks), traits);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('gc', () => {
  it('says what it collected, what it left alone and why', () =>
    withStubIo(async ({ io, stdout }) => {
      const leftAlone = [{ dir: '/nowhere/scratch/x', reason: 'its session.json cannot be read' }];
      expect(await runGc({ dryRun: false }, io, async () => ({ ...garbage, collected: [dead], leftAlone }))).toBe(0);
      expect(stdout()).toContain('collected session abc of 2025-11-23T12:00:00Z: etcd (pid 7)');
      expect(stdout()).toContain('left alone: /nowhere/scratch/x: its session.json cannot be read');
      expect(stdout()).toContain(`1 dead session in ${tmpdir()}`);
    }));

  it('names what it collected in docker', () =>
    withStubIo(async ({ io, stdout }) => {
      const docker = [{ sessionId: 'abc', clusters: ['dr-abc-shared'], containers: [], volumes: ['v'], networks: [] }];
      await runGc({ dryRun: false }, io, async () => ({ ...garbage, docker }));
      expect(stdout()).toContain('collected of session abc in docker: clusters dr-abc-shared; volumes v\n');
    }));

  it('names the kept cluster, and how to remove it', () =>
    withStubIo(async ({ io, stdout }) => {
      const kept = { name: 'dr-kept-1000', running: true, inUseBy: undefined, removed: false };
      await runGc({ dryRun: false }, io, async () => ({ ...garbage, kept }));
      await runGc({ dryRun: false }, io, async () => ({ ...garbage, kept: { ...kept, inUseBy: 'abc' } }));
      await runGc({ dryRun: false, kept: true }, io, async () => ({ ...garbage, kept: { ...kept, removed: true } }));
      expect(
        stdout()
          .split('\n')
          .filter((line) => line.includes('kept')),
      ).toEqual([
        'left alone: kept cluster dr-kept-1000: dr-contracts gc --kept removes it',
        'left alone: kept cluster dr-kept-1000: session abc uses it',
        'removed kept cluster dr-kept-1000',
      ]);
    }));

  it('claims nothing in a dry run', () =>
    withStubIo(async ({ io, stdout }) => {
      await runGc({ dryRun: true }, io, async () => ({ ...garbage, collected: [dead] }));
      expect(stdout()).toContain('would collect session abc');
      expect(stdout()).not.toMatch(/^collected/m);
    }));

  it('B37: closes the record of a run that was killed with -9 while its target started', () =>
    withStubIo(async ({ io, stdout, stderr }) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/killed-while-starting.ts'), io.cwd], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      for await (const chunk of child.stdout) if (String(chunk).includes('the target starts')) break;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      expect(await runGc({ dryRun: true }, io, async () => garbage)).toBe(0);
      expect(stderr()).toBe('');
      expect(await runGc({ dryRun: false }, io, async () => garbage)).toBe(0);
      expect(stderr()).toMatch(/run \S+ was killed at the stage "target started"/);
      expect(stdout()).not.toContain('killed');
      const runs = join(io.cwd, 'reports', 'runs');
      const [run = ''] = await readdir(runs);
      const record = runRecordSchema.parse(JSON.parse(await readFile(join(runs, run, 'run.json'), 'utf8')));
      expect(record).toMatchObject({ summary: { exitCode: 2 }, failure: { interrupted: true } });
    }));

  it('closes the records of killed runs of vitest as well, and touches no folder without the mark of a run', () =>
    withStubIo(async ({ io, stderr }) => {
      const runs = join(io.cwd, 'reports', 'vitest', 'runs');
      const killed = join(runs, '20260101T000000000Z-abcdef');
      const foreign = join(runs, 'mine');
      for (const folder of [killed, foreign]) await mkdir(folder, { recursive: true });
      await writeFile(join(foreign, 'notes.txt'), 'mine');
      await writeBegun(killed, {
        runId: '20260101T000000000Z-abcdef',
        began: '2026-01-01T00:00:00.000Z',
        command: 'vitest',
        target: 'local',
        stage: 'drills',
      });
      // Larger than any process id of Linux.
      const owner = { pid: 2 ** 22 + 1, startTime: '1' };
      await writeFile(join(killed, RUNNING_FILE), JSON.stringify({ owner, machine: thisMachine() }));
      expect(await runGc({ dryRun: false }, io, async () => garbage)).toBe(0);
      expect(stderr()).toMatch(/run 20260101T000000000Z-abcdef was killed at the stage "drills"/);
      expect(await readdir(foreign)).toEqual(['notes.txt']);
    }));

  it('exits 2 when something resisted', () =>
    withStubIo(async ({ io, stderr }) => {
      expect(await runGc({ dryRun: false }, io, async () => ({ ...garbage, problems: ['abc: EBUSY'] }))).toBe(2);
      expect(stderr()).toContain('not collected: abc: EBUSY');
    }));
});

describe('verdict', () => {
  const breachedAgain = () => madeUpJudgement({ verdict: 'breached', sentence: 'It is late.' });

  it('judges a drill record by what it observed, not by the judgement in it', () =>
    withStubIo(async ({ io, stdout }) => {
      await writeFile(join(io.cwd, 'drill.json'), JSON.stringify(madeUpDrill({ judgement: { verdict: 'met' } })));
      expect(await runVerdict('drill.json', io, breachedAgain)).toBe(1);
      expect(stdout()).toContain('breached nats-streams/stream-deleted: It is late.');
    }));

  it('judges every drill of a run record, and leaves the file as it is', () =>
    withStubIo(async ({ io }) => {
      const text = JSON.stringify(madeUpRun([madeUpDrill(), madeUpDrill({ disaster: 'server-lost' })]));
      await writeFile(join(io.cwd, 'run.json'), text);
      const judged: DrillRecord[] = [];
      const judge = (record: DrillRecord) => {
        judged.push(record);
        return madeUpJudgement();
      };
      expect(await runVerdict('run.json', io, judge)).toBe(0);
      expect(judged).toHaveLength(2);
      expect(await readFile(join(io.cwd, 'run.json'), 'utf8')).toBe(text);
    }));

  it('B15: a run that did not come to its end exits 2, whatever its drills say, and the reason is printed', () =>
    withStubIo(async ({ io, stdout }) => {
      const failure = { messages: ['the disk is full', 'ENOSPC'], interrupted: false };
      await writeFile(join(io.cwd, 'run.json'), JSON.stringify({ ...madeUpRun([madeUpDrill()]), failure }));
      expect(await runVerdict('run.json', io, () => madeUpJudgement())).toBe(2);
      expect(stdout()).toContain('The run did not come to its end: the disk is full; ENOSPC.');
    }));

  it('B15: a run of which a drill or a check is missing exits 2', () =>
    withStubIo(async ({ io, stdout }) => {
      const posture = madeUpPosture([{ name: 'bucket-settings', verdict: 'met', sentence: 'As declared.' }]);
      const run = madeUpRun([madeUpDrill(), madeUpDrill({ disaster: 'server-lost' })], [posture]);
      await writeFile(join(io.cwd, 'run.json'), JSON.stringify({ ...run, drills: run.drills.slice(1), postures: [] }));
      expect(await runVerdict('run.json', io, () => madeUpJudgement())).toBe(2);
      expect(stdout()).toContain('it counts 2 drills and holds 1.');
      expect(stdout()).toContain('it counts 1 posture check and holds 0.');
    }));

  it('names the first fields that are wrong in a file that is no record', () =>
    withStubIo(async ({ io }) => {
      await writeFile(join(io.cwd, 'other.json'), '{"schemaVersion": 99}');
      await expect(runVerdict('other.json', io, breachedAgain)).rejects.toThrow(
        /other\.json: expected to match reports\/schema\/drill\.schema\.json, but `schemaVersion` is none of 1, 2.*; `drillId` is missing, .*and \d+ more/,
      );
    }));

  it('judges a posture of a run record by what it observed', () =>
    withStubIo(async ({ io, stdout }) => {
      const posture = madeUpPosture([{ name: 'bucket-settings', verdict: 'breached', sentence: 'It is wrong.' }]);
      await writeFile(join(io.cwd, 'run.json'), JSON.stringify(madeUpRun([], [posture])));
      expect(await runVerdict('run.json', io, breachedAgain)).toBe(0);
      expect(stdout()).toMatch(/off-site-backups +bucket-settings +27 settings +met/);
    }));

  it('B15: on a run that did not run a contract, or did not clean up, is 2 again', () =>
    withStubIo(async ({ io }) => {
      const drill = madeUpDrill();
      const met = async () => await runVerdict('run.json', io, () => madeUpJudgement({ verdict: 'met' }));
      const mistakes = [{ contract: 'bad', file: 'contracts/bad.spec.ts', message: 'it has no owner' }];
      const leftOut = [{ contract: 'api', lacking: ['pods'], failsRun: true }];
      const cleanup = [{ what: 'bucket x', outcome: 'failed' as const }];
      const run = madeUpRun([drill]);
      for (const [record, code] of [
        [run, 0],
        [{ ...run, mistakes }, 2],
        [{ ...run, leftOut }, 2],
        [madeUpRun([{ ...drill, cleanup }]), 2],
      ] as const) {
        await writeFile(join(io.cwd, 'run.json'), JSON.stringify(record));
        expect(await met()).toBe(code);
      }
    }));

  it('on a run without drills proves nothing', () =>
    withStubIo(async ({ io }) => {
      await writeFile(join(io.cwd, 'run.json'), JSON.stringify(madeUpRun([])));
      expect(await runVerdict('run.json', io, breachedAgain)).toBe(2);
    }));
});

it('list shows every contract with its drills and its file', () =>
  withStubIo(async ({ io, stdout }) => {
    const one = { name: 'nats', drills: ['nats/lost', 'nats/gone'], file: 'contracts/one.spec.ts' };
    const code = await runList(io, async ({ files }) => {
      expect(files).toEqual([join(io.cwd, one.file)]);
      return { contracts: [one], mistakes: [] };
    });
    expect(code).toBe(0);
    expect(stdout()).toMatch(/nats\s+nats\/lost\s+contracts\/one\.spec\.ts\n\s+nats\/gone/);
  }));

it('list names what cannot be run as it is written, with its file, and exits 2', () =>
  withStubIo(async ({ io, stderr }) => {
    const mistake = { contract: 'nats', file: 'contracts/one.spec.ts', error: new Error('it has no owner') };
    expect(await runList(io, async () => ({ contracts: [], mistakes: [mistake] }))).toBe(2);
    expect(stderr()).toBe('dr-contracts: contract "nats" in contracts/one.spec.ts: it has no owner\n');
  }));

it('the trigger is what was said, or the pipeline, or the user', () => {
  expect(describeTrigger({ DR_CONTRACTS_TRIGGER: 'nightly', CI: '1' })).toBe('nightly');
  const job = { CI: 'true', GITHUB_SERVER_URL: 'https://git', GITHUB_REPOSITORY: 'a/b', GITHUB_RUN_ID: '7' };
  expect(describeTrigger(job)).toBe('pipeline https://git/a/b/actions/runs/7');
  expect(describeTrigger({})).toMatch(/^user ./);
});
