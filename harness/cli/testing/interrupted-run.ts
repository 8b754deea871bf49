// Opens a session with one sleeping process in it, prints that it is ready, and acts by its argument: `wait` for signals, `hang` in its
// teardown, or `throw`. Every reading advances its clock by two seconds, so that a second signal is never an echo of the first.
import { spawn } from 'node:child_process';
import { systemClock } from '../../clock/clock.ts';
import { identify } from '../../process/identity.ts';
import { openSession } from '../../targets/session.ts';
import { InterruptedError, listenForInterruption } from '../interruption.ts';

const [, , behaviour] = process.argv;
let readingMs = 0;
const monotonicMs = () => {
  readingMs += 2_000;
  return readingMs;
};
using interruption = listenForInterruption({ ...systemClock, monotonicMs }, () => process.exit(2));
const session = await openSession(systemClock);
const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
const identity = identify(child.pid ?? 0);
if (identity !== undefined) session.register('sleep', identity);
process.stdout.write(`${JSON.stringify({ dir: session.dir, identity })}\n`);
if (behaviour === 'throw') throw new Error('a mistake in the harness');
try {
  await systemClock.pause(600_000, interruption.signal);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ aborted: String(error) })}\n`);
  if (behaviour === 'hang') await systemClock.pause(600_000, new AbortController().signal);
  process.exitCode = error instanceof InterruptedError ? 2 : 1;
  await session[Symbol.asyncDispose]();
}
