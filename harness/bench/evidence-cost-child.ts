import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../base/files.ts';
import { systemClock } from '../clock/clock.ts';
import { loadPromises } from '../contract/load.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';

/**
 * Writes the ledger and the page of a run that was made, as the run did, in a process as cold as the run's own: digests of the inputs of
 * every contract, all entries, signed, and the page with its history and, where the ledger is short enough, the gate's decision. Prints how much processor time the evidence adds to a run, and how much the page had to read.
 */
const [out = '', folder = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const run = runRecordSchema.parse(JSON.parse(await readFile(join(out, 'latest', 'run.json'), 'utf8')));
const project = await openProject(resolve('.'));
const promises = await loadPromises(await contractFilesOf(project));
const { commit, dirty, harnessVersion, trigger } = run.drills[0]?.environment ?? {
  commit: null,
  dirty: null,
  harnessVersion: '',
  trigger: 'bench',
};

const before = process.cpuUsage();
const { RunLedger } = await import('../project/run-ledger.ts');
const { plannedPromises } = await import('../contract/promise-facts.ts');
const { writeReport } = await import('../cli/write-report.ts');
const ledger = { at: join(folder, 'ledger'), key: { env: 'KEY' }, keepDays: 36_500, folder };
const environment = { ...process.env };
const planned = await plannedPromises(promises, { folder: project.folder, outDir: project.outDir });
{
  using written = await RunLedger.open({ settings: ledger, clock: systemClock, environment });
  const path = join(folder, 'runs', run.runId);
  await makeFolder(path);
  await written.begin({
    runId: run.runId,
    path,
    command: run.command,
    facts: { commit, dirty, harnessVersion, trigger },
    promises: planned,
    selected: null,
    subjects: [],
  });
  for (const record of run.drills) written.drilled(record);
  await written.finish(run);
  if (written.problems.length > 0) throw new Error(written.problems.join('; '));
}
const afterLedger = process.cpuUsage(before);
const io = {
  cwd: project.folder,
  clock: systemClock,
  signal,
  stdout: process.stdout,
  stderr: process.stderr,
  environment,
  commandLine: run.command,
};
const page = join(folder, 'report.html');
const stated = { promises: planned, mistakes: [] };
await writeReport({ run, project, outDir: out, ledger, load: async () => stated, file: page, isEndOfRun: true }, io);
const afterPage = process.cpuUsage(before);
// What was measured: without this a ledger that the page takes for empty would pass.
const { readHistory } = await import('../evidence/page/read-history.ts');
const { openFolderStore } = await import('../evidence/ledger/folder-store.ts');
using store = openFolderStore(ledger.at);
const { past, ledger: read } = await readHistory(store, run.runId, signal);
const html = await readFile(page, 'utf8');
const msOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;
process.stdout.write(
  JSON.stringify({
    ledgerMs: msOf(afterLedger),
    pageMs: msOf(afterPage) - msOf(afterLedger),
    drills: run.drills.length,
    past: past.length,
    isCut: read.isCut,
    isGated: !html.includes('too many to read at the end of a run'),
  }),
);
