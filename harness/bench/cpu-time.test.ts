import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { childrenCpuTimeMs, cpuTimeMs } from './cpu-time.ts';

const run = promisify(execFile);
/** Works until it has used so much processor time, however busy the machine is. */
const burn = (ms: number) => `while (process.cpuUsage().user < ${ms * 1_000});`;

describe('the processor time of this process', () => {
  it('holds what its children and their children have used', async () => {
    const beforeMs = cpuTimeMs();
    // The shell starts a second program after Node, so it does not just become Node.
    await run('sh', ['-c', `"${process.execPath}" -e '${burn(400)}'; true`]);
    expect(cpuTimeMs() - beforeMs).toBeGreaterThan(390);
  });

  it('is read after the name of the program, which may hold spaces and parentheses', () => {
    const stat = '7 (a ) b) S 1 7 7 0 -1 4194560 9 9 0 0 11 12 130 27 20 0 1 0 99';
    expect(childrenCpuTimeMs(stat)).toBe(1_570);
  });

  it('is refused when the line is cut short', () => {
    expect(() => childrenCpuTimeMs('7 (node) S 1')).toThrow('has no processor time of children');
  });
});
