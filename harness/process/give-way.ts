import { access, constants, writeFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import type { Command } from './run.ts';

/** Lowest priority of a process and of an autogroup. */
const LOWEST = '19';
const LOWERING_BUDGET_MS = 2_000;

interface GivingWay {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Returns the command at the lowest processor priority, with all its children: it takes only idle processor time. It uses nice(1), because
 * setpriority(2) on a running process affects only one of its threads. A machine without nice(1) runs the command unchanged.
 */
export async function givingWay(command: Command, { clock, signal }: GivingWay): Promise<Command> {
  const nice = await findNice();
  if (nice === undefined) return command;
  return {
    ...command,
    file: nice,
    args: ['-n', LOWEST, command.file, ...command.args],
    nextStep: command.nextStep ?? `Run it by hand: ${command.file} ${command.args.join(' ')}`,
    onStarted: (pid) => {
      // If this fails, the command still runs, but takes more processor time.
      lowerAutogroup(pid, { clock, signal }).catch(() => undefined);
      command.onStarted?.(pid);
    },
  };
}

/**
 * Lowers the priority of a command's autogroup. If Linux groups processes by session (`kernel.sched_autogroup_enabled`), a nice value
 * counts only within the group, and each command has a session of its own (sched(7), "The autogroup feature"). The kernel accepts one such
 * change in a tenth of a second and answers EAGAIN to others (proc_sched_autogroup_set_nice in kernel/sched/autogroup.c).
 */
async function lowerAutogroup(pid: number, { clock, signal }: GivingWay): Promise<void> {
  const path = `/proc/${pid}/autogroup`;
  await waitFor(
    {
      for: `${path} to be lowered`,
      budgetMs: LOWERING_BUDGET_MS,
      intervalMs: 150,
      look: async () => {
        try {
          await writeFile(path, LOWEST);
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'EAGAIN')
            return notYet('the kernel says EAGAIN');
          // Without the file there are no autogroups, and only the nice value counts.
        }
        return arrived(undefined);
      },
    },
    clock,
    signal,
  );
}

async function findNice(): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin'].filter(isAbsolute);
  for (const folder of folders) {
    const path = join(folder, 'nice');
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // The next folder may have the program.
    }
  }
  return undefined;
}
