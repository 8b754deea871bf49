import { readFileSync } from 'node:fs';

/** USER_HZ: the unit in which Linux reports processor time to programs, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time so far of this process, of every program that it started and waited for, and of what those started and
 * waited for in turn; with that of the orphans that its parent collected, when the parent is `subreaper.py`. Programs that
 * still run (the servers of a target) are not in it.
 *
 * Node reports its own time only (`process.cpuUsage`). The kernel adds the time of a child to its parent's `cutime` and
 * `cstime` when the parent collects it, as getrusage(2) has it with RUSAGE_CHILDREN.
 */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  const stats = [process.pid, process.ppid].map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (user + system) / 1_000 + stats.reduce((sum, stat) => sum + childrenCpuTimeMs(stat), 0);
}

/** Fields 16 and 17 of proc_pid_stat(5). The second field is the program's name in parentheses and may hold anything. */
export function childrenCpuTimeMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [cutime, cstime] = [fields[13], fields[14]].map(Number);
  if (cutime === undefined || cstime === undefined || Number.isNaN(cutime + cstime)) {
    throw new Error(`/proc/self/stat has no processor time of children: ${stat}`);
  }
  return ((cutime + cstime) * 1_000) / TICKS_PER_SECOND;
}
