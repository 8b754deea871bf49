import { join } from 'node:path';
import { openFile } from '../base/files.ts';
import type { SpeedControl } from '../model/asset.ts';
import { runCommand } from './run.ts';

/**
 * About 20 ms of processor time. With a load of 26 on two cores, a process that only starts and ends took 10 ms, because the scheduler
 * prefers sleeping processes. Only work is slow on a busy machine, and a request to a server is work for several processes.
 */
const WORK = 'i=0; while [ "$i" -lt 30000 ]; do i=$((i + 1)); done';

/**
 * Returns a control for the speed of this machine, independent of the platform: a process that needs some processor time, and a write that
 * reaches the disk. The platform's servers on this machine need both.
 */
export function machineControl(scratchDir: string): SpeedControl {
  const path = join(scratchDir, 'machine-control');
  return {
    what: 'a small process and a small write to disk of the harness on this machine',
    ask: async (signal) => {
      const [ran, wrote] = await Promise.allSettled([
        runCommand({ name: 'the control of the machine', file: 'sh', args: ['-c', WORK] }, signal),
        writeToDisk(path),
      ]);
      if (ran.status === 'rejected') throw ran.reason;
      if (wrote.status === 'rejected') throw wrote.reason;
    },
  };
}

async function writeToDisk(path: string): Promise<void> {
  await using file = await openFile(path, 'w', 0o600);
  await file.write('control');
  await file.datasync();
}
