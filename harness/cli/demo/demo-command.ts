import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { Activities } from '../../base/activities.ts';
import type { DrillListener } from '../../model/events.ts';
import { type DrillRecord, RECORD_SCHEMA_VERSION } from '../../model/record.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { createLiveView } from '../../reporting/live-view.ts';
import { newRunId } from '../../reporting/run-folder.ts';
import { summarise, verdictOf } from '../../reporting/run-summary.ts';
import { createPlainLines, createReporterFaults, guardedView, type RunView } from '../../reporting/run-view.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import type { PartStep } from '../drill-parts.ts';
import { stagesOf, TARGET_STARTED, TOOLCHAIN } from '../run-profile.ts';
import { shownPlace } from '../shown-place.ts';
import {
  BACKUP_SCRIPT,
  CONTRACT,
  demoFolder,
  drillDemo,
  obtainDemoPrograms,
  REPAIRED_CONTRACT,
  REPAIRED_SCRIPT,
  startDemoTarget,
} from './demo-parts.ts';
import { changedLines, demoStory } from './demo-story.ts';

export interface DemoOptions {
  readonly json: boolean;
}

/**
 * Drills a backup job that reports success and restores nothing, then the repaired job, and prints the results. Both are real drills by the
 * engine that drills a user's contracts. Writes nothing but the two programs in the tool cache.
 * @returns 0 when the first drill was breached and the second one met; 1 when the repaired job is breached; 2 otherwise.
 * @throws the error that stopped the demo; by then everything is stopped.
 */
export async function runDemo({ json }: DemoOptions, io: CommandIo): Promise<number> {
  const { clock, signal, secrets } = io;
  // The first line of each script looks Node up on PATH.
  process.env['PATH'] = [process.env['PATH'], dirname(process.execPath)].filter((part) => part).join(delimiter);
  const out = json ? io.stderr : io.stdout;
  const story = demoStory(traitsOf(out, io.environment));
  const tell = (text: string) => void out.write(`${text}\n\n`);
  const began = clock.now();
  const runId = newRunId(clock);
  const activities = new Activities(clock);
  const showing = showingOn(out, io);

  tell(story.introduction());
  const programs = await showing(async (view) => {
    view.onStage(TOOLCHAIN);
    return await activities.time('obtaining', 'programs', () => obtainDemoPrograms(stepOf(io, view)));
  });
  const [obtained] = stagesOf(activities);
  const names = programs.toolchain.inUse.map(({ name, version }) => `${SHOWN_NAMES[name] ?? name} ${version}`);
  tell(story.programs(names, programs.downloaded, obtained?.durationMs ?? 0));

  const drills: DrillRecord[] = [];
  {
    await using demo = await showing(async (view) => {
      view.onStage(TARGET_STARTED);
      return await activities.time('starting', 'target', () => startDemoTarget(programs, stepOf(io, view)));
    });
    const drill = async (contract: string) => {
      const record = await showing(async (view) => {
        const options = { contract, runId, listener: unjudged(view), secrets };
        return await drillDemo(options, demo, stepOf(io, view));
      });
      drills.push(record);
      tell(story.drill(record));
    };
    await activities.time('drilling', 'demo', async () => {
      tell(story.title(`1. The backup job as it is: ${BACKUP_SCRIPT}`));
      await drill(CONTRACT);
      tell(story.title(`2. The repaired job: ${REPAIRED_SCRIPT}`));
      tell(story.change(await repair(), REPAIRED_SCRIPT));
      await drill(REPAIRED_CONTRACT);
    });
    await activities.time('stopping', 'target', async () => await demo[Symbol.asyncDispose]());
  }
  signal.throwIfAborted();

  const ended = clock.now();
  const durationMs = Math.round(ended.monotonicMs - began.monotonicMs);
  const exitCode = exitCodeOf(drills);
  if (json) {
    const record: RunRecord = {
      schemaVersion: RECORD_SCHEMA_VERSION,
      runId,
      began: began.utc,
      ended: ended.utc,
      durationMs,
      command: io.commandLine,
      target: 'local',
      stages: stagesOf(activities),
      summary: summarise(drills, true),
      drills,
    };
    io.stdout.write(`${JSON.stringify(record, undefined, 2)}\n`);
  }
  if (exitCode === 0) tell(story.end(shownPlace(demoFolder, io.cwd), durationMs));
  else {
    io.stderr.write(
      'dr-contracts: demo: expected the first job to be breached and the repaired one to be met, but the verdicts are those shown above. Run it again with --json, and report it with the record.\n',
    );
  }
  return exitCode;
}

/** Names by which users know the programs. */
const SHOWN_NAMES: Readonly<Record<string, string>> = { weed: 'SeaweedFS' };

/** Returns 0 when the drills end as the demo promises. */
export function exitCodeOf(drills: readonly DrillRecord[]): number {
  const [asItIs, repaired] = drills.map(verdictOf);
  if (asItIs === 'breached' && repaired === 'met') return 0;
  return repaired === 'breached' ? 1 : 2;
}

const stepOf = ({ clock, signal }: CommandIo, view: RunView): PartStep => ({
  clock,
  signal,
  progress: view.onProgress,
});

/** The demo prints the verdict itself. */
const unjudged =
  (view: RunView): DrillListener =>
  (event) => {
    if (event.kind !== 'judged') view.onDrill(event);
  };

/** Shows each part of the demo while it runs: as lines that vanish on a terminal, as plain lines elsewhere. */
function showingOn(out: NodeJS.WriteStream, io: CommandIo) {
  const noted = createReporterFaults();
  return async <T>(work: (view: RunView) => Promise<T>): Promise<T> => {
    const { live } = traitsOf(out, io.environment);
    await using view = guardedView(
      live
        ? createLiveView(out, io.environment, io.clock, noted)
        : createPlainLines(io.clock, (line) => void out.write(`${line}\n`)),
      noted,
    );
    return await work(view);
  };
}

async function repair() {
  const [before, after] = await Promise.all(
    [BACKUP_SCRIPT, REPAIRED_SCRIPT].map((file) => readFile(join(demoFolder, file), 'utf8')),
  );
  return changedLines(before ?? '', after ?? '');
}
