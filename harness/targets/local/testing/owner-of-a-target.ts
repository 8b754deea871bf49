// Starts a whole target, prints its handle, and then waits to be killed.

import { systemClock } from '../../../clock/clock.ts';
import { capabilitiesOf } from '../../../registered/providers.ts';
import { startTarget } from '../../start.ts';
import { asProcesses } from '../runtime.ts';
import { testToolchain } from '../testing.ts';

const { signal } = new AbortController();
const started = await startTarget(asProcesses(), {
  toolchain: await testToolchain(),
  parts: capabilitiesOf('local'),
  clock: systemClock,
  signal,
  progress: () => undefined,
});
process.stdout.write(`${JSON.stringify(started.handle)}\n`);
await systemClock.pause(600_000, signal);
