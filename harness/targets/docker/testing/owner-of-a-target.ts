// Starts a docker target with the parts in its arguments, prints its handle, and then waits to be killed.

import { systemClock } from '../../../clock/clock.ts';
import { capabilities } from '../../../registered/providers.ts';
import { startParts } from '../testing.ts';

const started = await startParts(...capabilities().filter((part) => process.argv.includes(part)));
process.stdout.write(`${JSON.stringify(started.handle)}\n`);
await systemClock.pause(600_000, new AbortController().signal);
