import { expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { startTarget } from '../start.ts';
import { asProcesses } from './runtime.ts';

it('a target with SeaweedFS refuses regions, which need Route 53, before anything is started', async () => {
  const starting = startTarget(asProcesses({ seaweedfs: '/nowhere/weed' }), {
    toolchain: { path: (name) => name, inUse: [] },
    parts: ['regions'],
    clock: systemClock,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  await expect(starting).rejects.toThrow('regions were asked for, and they need Route 53');
});
