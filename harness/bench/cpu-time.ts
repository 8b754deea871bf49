import { readFileSync } from 'node:fs';

/** USER_HZ: the unit in which Linux reports processor time to programs, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time of this process so far, with that of every program that it has started and waited for, and of what those
 * started and waited for in turn. Children that still run (the servers of a target) are not in it.
 *
 * Node reports its own time only (`process.cpuUsage`). The kernel adds the time of a child to its parent's `cutime` and
 * `cstime` when the parent collects it, as getrusage(2) has it with RUSAGE_CHILDREN; Node collects its children, and a
 * shell, bubblewrap and the first process of a PID namespace collect theirs. Processor time is compared rather than elapsed time
 * because a busy machine stretches only the latter.
 */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + childrenCpuTimeMs(readFileSync('/proc/self/stat', 'utf8'));
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
