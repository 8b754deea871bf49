import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { childrenCpuTimeMs } from './cpu-time.ts';

const run = promisify(execFile);
/** Works until it has used so much processor time, however busy the machine is. */
const burn = (ms: number) =>
  `let used; do { used = process.cpuUsage(); } while (used.user + used.system < ${ms * 1_000});`;

/** Starts a shell, and prints what has been used once it is the wanted time; never ends otherwise. */
const measuring = (shell: string) => `
  import { execFileSync } from 'node:child_process';
  import { cpuTimeMs } from ${JSON.stringify(join(import.meta.dirname, 'cpu-time.ts'))};
  const beforeMs = cpuTimeMs();
  execFileSync('sh', ['-c', ${JSON.stringify(shell)}], { stdio: 'ignore' });
  const usedMs = () => cpuTimeMs() - beforeMs - (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
  while (usedMs() < 350) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log('counted');
`;

describe('B32: the processor time of this process', () => {
  it.each([
    ['its children and their children have used', `"${process.execPath}" -e '${burn(2_000)}'; true`],
    ['an orphan has used, as the programs in a sandbox are', `"${process.execPath}" -e '${burn(2_000)}' &`],
  ])('holds what %s', async (_, shell) => {
    const subreaper = join(import.meta.dirname, 'subreaper.py');
    const node = [process.execPath, '--input-type=module', '-e', measuring(shell)];
    expect((await run('python3', [subreaper, ...node])).stdout).toBe('counted\n');
  });

  it('is read after the name of the program, which may hold spaces and parentheses', () => {
    const stat = '7 (a ) b) S 1 7 7 0 -1 4194560 9 9 0 0 11 12 130 27 20 0 1 0 99';
    expect(childrenCpuTimeMs(stat)).toBe(1_570);
  });

  it('is refused when the line is cut short', () => {
    expect(() => childrenCpuTimeMs('7 (node) S 1')).toThrow('has no processor time of children');
  });
});
