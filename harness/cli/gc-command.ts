import { join, relative } from 'node:path';
import { counted } from '../model/text.ts';
import { openProject } from '../project/prepare-run.ts';
import { closeDeadRuns } from '../reporting/earlier-runs.ts';
import type { CommandIo } from './command-io.ts';

/** Result of a collection; the shape of the targets' own report. */
export interface Garbage {
  readonly scratchRoot: string;
  readonly collected: readonly {
    readonly id: string;
    readonly dir: string;
    readonly began: string | undefined;
    readonly killed: readonly { readonly pid: number; readonly name: string }[];
  }[];
  /** Leftovers of dead sessions in the docker daemon, by name. */
  readonly docker?: readonly {
    readonly sessionId: string;
    readonly clusters: readonly string[];
    readonly containers: readonly string[];
    readonly volumes: readonly string[];
    readonly networks: readonly string[];
  }[];
  /** The kind cluster that `drill --keep` left running. */
  readonly kept?: {
    readonly name: string;
    readonly running: boolean;
    readonly inUseBy: string | undefined;
    readonly removed: boolean;
  };
  readonly live: readonly string[];
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  readonly problems: readonly string[];
}

interface GcOptions {
  readonly dryRun: boolean;
  /** Also remove the kept cluster. */
  readonly kept?: boolean;
}

export type CollectGarbage = (options: GcOptions) => Promise<Garbage>;

/**
 * Collects the leftovers of dead sessions, and closes the records of the project's killed runs. Exit 2 when something could not be removed.
 */
export async function runGc(options: GcOptions, io: CommandIo, collectGarbage: CollectGarbage): Promise<0 | 2> {
  const garbage = await collectGarbage(options);
  io.stdout.write(renderGarbage(garbage, options.dryRun));
  for (const problem of garbage.problems) io.stderr.write(`dr-contracts: not collected: ${problem}\n`);
  // Last, so that an unreadable configuration prevents no collection.
  if (!options.dryRun) {
    const { outDir } = await openProject(io.cwd, io.config);
    // Contracts that ran under vitest have a folder of their own.
    for (const folder of [outDir, join(outDir, 'vitest')]) await tellOfDeadRuns(folder, io);
  }
  return garbage.problems.length === 0 ? 0 : 2;
}

function renderGarbage(garbage: Garbage, dryRun: boolean): string {
  const lines = garbage.collected.map(({ id, began, killed, dir }) => {
    const processes =
      killed.length === 0 ? 'no process' : killed.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');
    const verb = dryRun ? 'would collect' : 'collected';
    return `${verb} session ${id}${began === undefined ? '' : ` of ${began}`}: ${processes}; folder ${dir}`;
  });
  for (const { sessionId, ...things } of garbage.docker ?? []) {
    const named = Object.entries(things).flatMap(([kind, names]) =>
      Array.isArray(names) && names.length > 0 ? [`${kind} ${names.join(', ')}`] : [],
    );
    lines.push(`${dryRun ? 'would collect' : 'collected'} of session ${sessionId} in docker: ${named.join('; ')}`);
  }
  if (garbage.kept !== undefined) lines.push(keptLine(garbage.kept));
  for (const { dir, reason } of garbage.leftAlone) lines.push(`left alone: ${dir}: ${reason}`);
  const count = garbage.collected.length;
  const what = count === 0 ? 'no dead session' : counted(count, 'dead session');
  const live = garbage.live.length === 0 ? '' : `; ${garbage.live.length} running, not touched`;
  lines.push(`${what}${dryRun && count > 0 ? ' would be collected' : ''} in ${garbage.scratchRoot}${live}`);
  return `${lines.join('\n')}\n`;
}

function keptLine({ name, running, inUseBy, removed }: NonNullable<Garbage['kept']>): string {
  const cluster = `kept cluster ${name}${running ? '' : ' (it does not run)'}`;
  if (removed) return `removed ${cluster}`;
  if (inUseBy !== undefined) return `left alone: ${cluster}: session ${inUseBy} uses it`;
  return `left alone: ${cluster}: dr-contracts gc --kept removes it`;
}

/** Closes the records of killed runs, and reports them: they could do neither themselves. */
export async function tellOfDeadRuns(outDir: string, io: CommandIo): Promise<void> {
  for (const { runId, stage, recordPath } of await closeDeadRuns(outDir, io.clock)) {
    io.stderr.write(
      `dr-contracts: note: run ${runId} was killed at the stage "${stage}" and proved nothing more; ${relative(io.cwd, recordPath)} says so.\n`,
    );
  }
}
