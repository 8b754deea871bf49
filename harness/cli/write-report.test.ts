import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { madeUpPromise } from '../evidence/ledger/testing/made-up-ledger.ts';
import { isUsageError } from '../model/errors.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { ledgerSettings, openProject } from '../project/prepare-run.ts';
import { madeUpDrill } from '../reporting/testing/made-up-records.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { askGate } from './gate/ask-gate.ts';
import type { DrillOptions } from './make-run.ts';
import { runReport } from './report-command.ts';
import { stubParts, withStubIo } from './testing/stub-parts.ts';
import { writeReport } from './write-report.ts';

const options: DrillOptions = { target: 'local', contracts: [], all: false, keep: false, json: false, jobs: 1 };
const promises = [madeUpPromise(), madeUpPromise({ contract: 'never-drilled' })];

let drills = 0;
/** Drills one of two promises. */
async function drilled(io: CommandIo, change: Partial<DrillOptions> = {}): Promise<number> {
  drills += 1;
  const records = [madeUpDrill({ drillId: `d${drills}` })];
  return await runDrill({ ...options, ...change }, io, stubParts({ records, promises }).parts);
}

const textOf = (io: CommandIo, page = 'reports/latest/report.html') => readFile(join(io.cwd, page), 'utf8');
const load = async () => ({ promises, mistakes: [] });

const EMPTY_LISTING =
  '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';

/** Starts a bucket whose server accepts connections, and answers only with the given function. */
async function silentBucket(answer?: (response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer?.(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // The AWS client reads the user's own settings; without any it requests them from the network.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return {
    address: `s3://evidence/ledger?region=us-west-2&endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the report page of a run', () => {
  it("opens with the run's own result where there is no policy, and is named at the end", () =>
    withStubIo(async ({ io, stdout }) => {
      await drilled(io);
      const page = await textOf(io);
      expect(page).toContain('Every promise that was tested is kept');
      expect(page).toContain('No gate was asked');
      expect(page).toContain('never-drilled');
      expect(stdout()).toMatch(/Report page: reports\/latest\/report\.html\n$/);
    }));

  it("opens with the gate's decision where there is a policy", () =>
    withStubIo(async ({ io }) => {
      await writeFile(join(io.cwd, 'dr-gate.mjs'), 'export default {};');
      await drilled(io);
      const page = await textOf(io);
      expect(page).toContain('Must not be promoted');
      expect(page).toContain('Of 2 contracts');
      expect(page).toContain('Policy: dr-gate.mjs.');
      expect(page).toContain('Never drilled: the ledger holds no proof of it.');
    }));

  it('leaves the gate out where the ledger is too long for the end of a run, and says who asks it', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      await writeFile(join(io.cwd, 'dr-gate.mjs'), 'export default {};');
      const project = await openProject(io.cwd);
      const run = runRecordSchema.parse(JSON.parse(await readFile(join(io.cwd, 'reports/latest/run.json'), 'utf8')));
      const wishes = { run, project, outDir: project.outDir, ledger: ledgerSettings(project), load, isEndOfRun: true };
      await writeReport({ ...wishes, mostGatedEntries: 2 }, io);
      expect(await textOf(io)).toContain('The ledger holds 3 entries, too many to read at the end of a run.');
      await writeReport({ ...wishes, mostGatedEntries: 3 }, io);
      expect(await textOf(io)).toContain('Must not be promoted');
    }));

  it("shows that the gate failed where a pipeline's base branch is not there, whose policy would count", () =>
    withStubIo(async ({ io }) => {
      await drilled({ ...io, environment: { GITHUB_BASE_REF: 'main' } });
      const page = await textOf(io);
      expect(page).toContain('Must not be promoted');
      expect(page).toContain('base branch main');
    }));

  it('takes its history from the ledger, whatever became of the folders of the runs', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      for (const run of await readdir(join(io.cwd, 'reports/runs'))) {
        await rm(join(io.cwd, 'reports/runs', run), { recursive: true });
      }
      await drilled(io);
      expect(await textOf(io)).toContain('2 drills of this promise');
    }));

  it('says that a ledger cannot be read, and is written all the same', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      await writeFile(join(io.cwd, 'reports/ledger/0000000001.intoto.jsonl'), '{');
      await drilled(io);
      expect(await textOf(io)).toMatch(/Older drills could not be read from the ledger\. .*0000000001/);
    }));

  it('page 1: is written where the ledger does not answer in time, and says what is missing', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      await writeFile(join(io.cwd, 'dr-gate.mjs'), 'export default {};');
      await using bucket = await silentBucket();
      const run = runRecordSchema.parse(JSON.parse(await readFile(join(io.cwd, 'reports/latest/run.json'), 'utf8')));
      const project = await openProject(io.cwd);
      const ledger = { ...ledgerSettings(project), at: bucket.address };
      const wishes = { run, project, outDir: project.outDir, ledger, load, isEndOfRun: true, readBudgetMs: 300 };
      await writeReport(wishes, io);
      const page = await textOf(io);
      expect(page).toContain('Older drills were not read: the ledger could not be read within 300 ms.');
      expect(page).toContain('The gate was not asked: the ledger could not be read within 300 ms.');
      expect(page).toContain('Whether it holds this run was not known');
      expect(page).not.toContain('Must not be promoted');
    }));

  it('page 1: asks for the names in the ledger once', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      await writeFile(join(io.cwd, 'dr-gate.mjs'), 'export default {};');
      await using bucket = await silentBucket((response) => response.end(EMPTY_LISTING));
      const run = runRecordSchema.parse(JSON.parse(await readFile(join(io.cwd, 'reports/latest/run.json'), 'utf8')));
      const project = await openProject(io.cwd);
      const ledger = { ...ledgerSettings(project), at: bucket.address };
      await writeReport({ run, project, outDir: project.outDir, ledger, load, isEndOfRun: true }, io);
      expect(await textOf(io)).toContain('Never drilled: the ledger holds no proof of it.');
      expect(bucket.asked).toHaveLength(1);
    }));

  it('does not fail a run when it cannot be written, and says so', () =>
    withStubIo(async ({ io, stderr }) => {
      await mkdir(join(io.cwd, 'reports/latest/report.html/in-the-way'), { recursive: true });
      expect(await drilled(io)).toBe(0);
      expect(stderr()).toMatch(/note: there is no report page: report page .*report\.html/);
    }));

  it('leaves standard output to the record with --json', () =>
    withStubIo(async ({ io, stdout, stderr }) => {
      await drilled(io, { json: true });
      expect(JSON.parse(stdout())).toMatchObject({ summary: { drills: 1 } });
      expect(stderr()).toContain('Report page: reports/latest/report.html');
    }));
});

describe('dr-contracts report', () => {
  it('writes the page of a kept run again, as the gate would have decided when it ended', () =>
    withStubIo(async ({ io, stdout }) => {
      await writeFile(join(io.cwd, 'dr-gate.mjs'), 'export default {};');
      await drilled(io);
      const [run = ''] = await readdir(join(io.cwd, 'reports/runs'));
      await drilled(io);
      const before = stdout().length;
      await runReport({ run, out: 'pages/first.html' }, io, load);
      expect(stdout().slice(before)).toBe('pages/first.html\n');
      const page = await textOf(io, 'pages/first.html');
      expect(page).toContain(`record of run ${run}`);
      expect(page).not.toContain('2 drills of this promise');
      expect(page).toContain('Must not be promoted');
    }));

  it('page 6: refuses a decision that contradicts the run or the ledger, and takes the one that the gate wrote', () =>
    withStubIo(async ({ io }) => {
      await drilled(io);
      const { decision } = await askGate({ key: [], strict: false }, io, load);
      const write = (changed: object) =>
        writeFile(join(io.cwd, 'gate.json'), JSON.stringify({ ...decision, ...changed }));
      await write({});
      await runReport({ decision: 'gate.json' }, io, load);
      expect(await textOf(io)).toContain('Must not be promoted');
      await write({ decision: 'pass', exitCode: 0 });
      const refused = runReport({ decision: 'gate.json' }, io, load);
      await expect(refused).rejects.toThrow(
        /gate's decision .*gate\.json: expected a decision on run .* its exit code is 0/s,
      );
      await expect(refused).rejects.toSatisfy(isUsageError);
      expect(await textOf(io)).toContain('Must not be promoted');
      await write({});
      await drilled(io);
      await expect(runReport({ decision: 'gate.json' }, io, load)).rejects.toThrow(/decided before entry/);
    }));

  it('says what to do where no run was made', () =>
    withStubIo(async ({ io }) => {
      await expect(runReport({}, io, load)).rejects.toThrow(/run record .*run\.json.*/);
    }));
});
