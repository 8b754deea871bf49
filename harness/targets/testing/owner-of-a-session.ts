// Opens a session with one sleeping process in it, says so, and does what its argument tells: `wait` for signals, or `throw`.
import { spawn } from 'node:child_process';
import { systemClock } from '../../clock/clock.ts';
import { identify } from '../../process/identity.ts';
import { openSession } from '../session.ts';
import { onShutdown, ShutdownError } from '../shutdown.ts';

const controller = new AbortController();
using _ = onShutdown(controller);
const session = await openSession(systemClock);
const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
const identity = identify(child.pid ?? 0);
if (identity !== undefined) session.register('sleep', identity);
process.stdout.write(`${JSON.stringify({ dir: session.dir, identity })}\n`);
if (process.argv[2] === 'throw') throw new Error('a mistake in the harness');
await systemClock.pause(600_000, controller.signal).catch((error: unknown) => {
  process.stdout.write(`${JSON.stringify({ aborted: String(error) })}\n`);
  if (process.argv[2] !== 'hang') {
    process.exitCode = error instanceof ShutdownError ? error.exitCode : 1;
    return session[Symbol.asyncDispose]();
  }
  return systemClock.pause(600_000, new AbortController().signal);
});
