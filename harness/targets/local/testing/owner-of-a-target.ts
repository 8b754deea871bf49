// Starts a whole target, says its handle, and then only waits to be killed.
import { systemClock } from '../../../clock/clock.ts';
import { environmentToolchain } from '../dev-toolchain.ts';
import { localParts, startLocalTarget } from '../start.ts';

const { signal } = new AbortController();
const started = await startLocalTarget({
  toolchain: environmentToolchain(),
  parts: localParts,
  clock: systemClock,
  signal,
  progress: () => undefined,
});
process.stdout.write(`${JSON.stringify(started.handle)}\n`);
await systemClock.pause(600_000, signal);
