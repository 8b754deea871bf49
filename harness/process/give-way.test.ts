import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { givingWay } from './give-way.ts';
import { runCommand } from './run.ts';

it('a command that gives way runs at the lowest priority, and so does its session where Linux groups by session', async () => {
  const end = new AbortController();
  const started = Promise.withResolvers<number>();
  const command = await givingWay(
    { name: 'sleeper', file: '/bin/sh', args: ['-c', 'sleep 60'], onStarted: started.resolve },
    { clock: systemClock, signal: end.signal },
  );
  const running = runCommand(command, end.signal);
  running.catch(() => undefined);
  const pid = await started.promise;
  await vi.waitFor(() => expect(getPriority(pid)).toBe(19));
  if (existsSync(`/proc/${pid}/autogroup`)) {
    await vi.waitFor(async () => expect(await readFile(`/proc/${pid}/autogroup`, 'utf8')).toMatch(/ nice 19$/m));
  }
  end.abort(new Error('the test is over'));
  await expect(running).rejects.toThrow('the test is over');
});

it('a failure of a command that gives way names the command itself', async () => {
  const { signal } = new AbortController();
  const command = await givingWay(
    { name: 'go build', file: '/bin/false', args: ['x'] },
    { clock: systemClock, signal },
  );
  await expect(runCommand(command, signal)).rejects.toThrow(/^go build: .*Run it by hand: \/bin\/false x$/);
});
