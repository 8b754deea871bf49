import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('append-child.ts', import.meta.url));

export interface WriterProcess {
  readonly child: ChildProcess;
  /** Exit code and signal. */
  readonly ended: Promise<unknown[]>;
  /** Starts the appends. */
  readonly go: () => void;
  /** Resolves when its next run is in the ledger. */
  readonly appended: () => Promise<unknown>;
}

/** Starts a process that appends this many runs to a ledger. It has loaded its modules and waits for `go`. */
export async function startWriter(
  at: string,
  { name, runs, env }: { readonly name: string; readonly runs: number; readonly env: Readonly<Record<string, string>> },
): Promise<WriterProcess> {
  const child = spawn(process.execPath, [CHILD, at, name, String(runs)], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const appended = () => once(child.stdout, 'data');
  await appended();
  return { child, ended, go: () => child.stdin.end(), appended };
}
