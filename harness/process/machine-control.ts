import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpeedControl } from '../model/asset.ts';
import { runCommand } from './run.ts';

/**
 * How quick this machine is, whatever the platform does: a process of the lowest priority that starts and ends, and a write that
 * reaches the disk. The platform's servers on this machine need no less: processor time and, for what they acknowledge, the disk.
 */
export function machineControl(scratchDir: string): SpeedControl {
  const path = join(scratchDir, 'machine-control');
  return {
    what: 'a small process and a small write of the harness on this machine',
    ask: async (signal) => {
      const [ran, wrote] = await Promise.allSettled([
        runCommand({ name: 'the control of the machine', file: 'nice', args: ['-n', '19', 'true'] }, signal),
        writeToDisk(path),
      ]);
      if (ran.status === 'rejected') throw ran.reason;
      if (wrote.status === 'rejected') throw wrote.reason;
    },
  };
}

async function writeToDisk(path: string): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.write('control');
  await file.datasync();
}
