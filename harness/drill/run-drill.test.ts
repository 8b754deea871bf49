import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RestoreContext } from '../model/procedure.ts';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import { UnsavedRecordError } from './run-drill.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const verdictOf = (record: Awaited<ReturnType<typeof runMemoryDrill>>['record'], finding: string) =>
  record.judgement?.findings.find(({ name }) => name === finding)?.verdict;

describe('a drill of an asset that is really backed up and restored', () => {
  it('is met, and its record is complete and valid', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(drillRecordSchema.parse(record).state).toBe('complete');
  });

  it("promises and judges nothing about loss where the contract says `rpo: 'none'`", async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld(), { rpoMs: null }));
    expect(record.markers.some(({ lost }) => lost > 0)).toBe(true);
    expect(record.judgement).toMatchObject({ verdict: 'met', rpa: null, exposureMs: null });
    expect(record.contract.rpoMs).toBeNull();
    expect(record.expected?.findings).toEqual(['destruction', 'content', 'rto']);
  });

  it("is breached under `rpo: 'none'` where the backup fails", async () => {
    const world = memoryWorld();
    world.procedure = { backup: () => Promise.reject(new Error('the bucket stayed empty')) };
    const { record } = await runMemoryDrill(memoryContract(world, { rpoMs: null }));
    expect(record.judgement?.verdict).toBe('breached');
    expect(verdictOf(record, 'rpo')).toBeUndefined();
  });

  it('saves its record at the start, after the restore and after the verdict', async () => {
    const { saved } = await runMemoryDrill(memoryContract(memoryWorld()));
    expect(saved.map(({ state }) => state)).toEqual(['started', 'restored', 'complete']);
  });

  it('has phases that add up to RTA, with detection and decision added and shown as added', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    const { disasterEnded, serviceRestored } = record.moments;
    const measuredMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs, 0);
    const elapsedMs = (serviceRestored?.monotonicMs ?? 0) - (disasterEnded?.monotonicMs ?? 0);
    expect(record.phases.map(({ name }) => name)).toEqual([
      'detection',
      'decision',
      'provisioning',
      'restore',
      'service-check',
    ]);
    expect(record.phases.map(({ addedMs }) => addedMs)).toEqual([90_000, 60_000, 0, 0, 0]);
    expect(record.judgement?.rta?.valueMs).toBeCloseTo(measuredMs + 150_000, 3);
    // Only bookkeeping takes time between two phases; the sum never exceeds the elapsed time.
    expect(measuredMs).toBeLessThanOrEqual(elapsedMs + 0.001);
    expect(measuredMs).toBeGreaterThan(elapsedMs * 0.5);
  });

  it('measures RPA from the last marker before the first lost one to the cut-off', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    const [lane] = record.markers;
    expect(lane?.lost).toBeGreaterThanOrEqual(3);
    expect(lane?.lostBeforeCapture).toBe(0);
    const expectedMs = (record.moments.cutOff?.monotonicMs ?? 0) - (lane?.lastBeforeLossMs ?? 0);
    expect(expectedMs).toBeGreaterThan(0);
    expect(record.judgement?.rpa).toEqual({ valueMs: expectedMs, atLeast: false });
  });

  it('removes what it made, and records that it did', async () => {
    const world = memoryWorld();
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(world.disposed.count).toBe(1);
    expect(record.cleanup.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(record.cleanup.map(({ what }) => what)).toContain('asset "memory"');
  });
});

describe('a drill that is sabotaged', () => {
  it('is breached when the backup fails', async () => {
    const world = memoryWorld();
    world.procedure = { backup: () => Promise.reject(new Error('the bucket stayed empty')) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain('the bucket stayed empty');
    expect(world.disposed.count).toBe(1);
  });

  it('is unproven when the disaster destroys nothing, and restores nothing', async () => {
    const world = memoryWorld();
    world.asset = { destroy: async () => ({ exercised: 'nothing' }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toMatch(/still there after the disaster.*20 values/);
    expect(record.restore).toBeNull();
  });

  it('is breached when the restore brings back one altered value', async () => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: honest.backup,
      restore: async (point, context) => {
        const report = await honest.restore(point, context);
        world.store.values.set('key-7', 'value-8');
        return report;
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain('key-7, value: expected value-7, found value-8');
  });

  it('is breached, not merely late, when the restore does nothing', async () => {
    const world = memoryWorld();
    world.procedure = { restore: async () => ({ claimed: 'Completed', warnings: [], commands: [] }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/^Nothing came back: none of 20 values/);
    expect(record.phases.at(-1)).toMatchObject({ name: 'service-check', outcome: 'timed-out' });
    expect(record.judgement?.rta?.atLeast).toBe(true);
  });

  it.each([
    [
      'altered',
      (markers: { sequence: number; body: string }[]) => markers.splice(0, 1, { sequence: 1, body: 'forged' }),
    ],
    ['more than once', (markers: { sequence: number; body: string }[]) => markers.push(...markers.slice(0, 1))],
    ['out of order', (markers: { sequence: number; body: string }[]) => markers.push(...markers.splice(0, 1))],
    ['nobody wrote', (markers: { sequence: number; body: string }[]) => markers.push({ sequence: 99_999, body: 'x' })],
    ['did not come back', (markers: { sequence: number; body: string }[]) => markers.splice(0, 1)],
  ])('is breached when a marker came back %s', async (cause, tamper) => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: honest.backup,
      restore: async (point, context) => {
        const report = await honest.restore(point, context);
        tamper(world.store.markers);
        return report;
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain(cause);
  });

  it('is unproven when what is there afterwards never went away', async () => {
    const world = memoryWorld();
    world.asset = { provision: async () => undefined };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(verdictOf(record, 'destruction')).toBe('unproven');
    expect(record.judgement?.sentence).toContain('incarnation is the same as before the disaster');
  });

  it('is unproven when nothing was compared', async () => {
    const world = memoryWorld();
    world.asset = { compare: async () => ({ items: [], firstDifferences: [], notVerified: [] }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toContain('Zero items were compared');
  });

  it('is breached when the schedule permits more loss than was promised, however well the drill went', async () => {
    const world = memoryWorld();
    const { record } = await runMemoryDrill(memoryContract(world, { rpoMs: 1_800_000 }));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain(
      'the schedule "0 * * * *" (UTC) with its capture and upload permits losing 1 h',
    );
  });

  it('is breached when the budgeted detection alone is longer than the RTO', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld(), { rtoMs: 60_000 }));
    expect(verdictOf(record, 'rto')).toBe('breached');
  });
});

/** Throws as a system call of this process does. */
function fail(code: string, syscall: string): never {
  throw Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

describe('a drill that errs', () => {
  it.each<[string, () => unknown]>([
    ['an answer that was not understood', () => z.object({ phase: z.string() }).parse({})],
    ['a mistake in the code', () => JSON.parse('{')],
    ['a package that is not installed', () => createRequire(import.meta.url)('no-such-package')],
    [
      'a package that the client of a store lacks',
      () => {
        const cause = Object.assign(new Error("Cannot find package '@store/client'"), { code: 'ERR_MODULE_NOT_FOUND' });
        throw new Error('the bucket cannot be read', { cause });
      },
    ],
    ['a full disk of this machine', () => fail('ENOSPC', 'write')],
    ['too many open files of this process', () => fail('EMFILE', 'open')],
  ])('B18: accuses nobody of %s, in a backup or a restore', async (_what, err) => {
    for (const stage of ['backup', 'restore'] as const) {
      const world = memoryWorld();
      world.procedure = { [stage]: async () => err() };
      const { record } = await runMemoryDrill(memoryContract(world));
      expect(record.failure).toMatchObject({ stage, blame: 'harness' });
      expect(record.judgement?.verdict).toBe('unproven');
    }
  });

  it.each([
    ['a refused connection', () => fail('ECONNREFUSED', 'connect')],
    [
      'a full disk of a server',
      () => {
        throw Object.assign(new Error('insufficient storage resources available'), { code: 'ENOSPC' });
      },
    ],
  ])('blames the platform for %s, in a backup or a restore', async (_what, refuse) => {
    for (const stage of ['backup', 'restore'] as const) {
      const world = memoryWorld();
      world.procedure = { [stage]: async () => refuse() };
      const { record } = await runMemoryDrill(memoryContract(world));
      expect(record.failure).toMatchObject({ stage, blame: 'procedure' });
      expect(record.judgement?.verdict).toBe('breached');
    }
  });

  it('leaves a record that names the stage, the message and its causes, and cleans up', async () => {
    const world = memoryWorld();
    world.asset = { seed: () => Promise.reject(new Error('no room', { cause: new Error('disk full') })) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.failure).toMatchObject({ stage: 'seed', blame: 'harness', messages: ['no room', 'disk full'] });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(world.disposed.count).toBe(1);
  });

  it('records a restore that does not end as "more than", never as zero', async () => {
    const world = memoryWorld();
    world.procedure = { restore: () => new Promise(() => undefined) };
    const { record } = await runMemoryDrill(memoryContract(world, { rtoMs: 100, detection: undefined, decisionMs: 0 }));
    const restore = record.phases.find(({ name }) => name === 'restore');
    expect(restore).toMatchObject({ outcome: 'timed-out' });
    expect(restore?.measuredMs).toBeGreaterThan(100);
    expect(record.judgement?.rta?.atLeast).toBe(true);
    expect(record.judgement?.verdict).toBe('breached');
  });

  it('is interrupted by its signal, says so, and still cleans up', async () => {
    const world = memoryWorld();
    const abort = new AbortController();
    world.procedure = {
      backup: () => {
        abort.abort(new Error('stopped by the operator'));
        return new Promise(() => undefined);
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world), { signal: abort.signal });
    expect(record.failure).toMatchObject({ stage: 'backup', aborted: true });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(world.disposed.count).toBe(1);
  });

  it('keeps the first failure when clean-up fails too', async () => {
    const world = memoryWorld();
    world.asset = {
      seed: () => Promise.reject(new Error('no room')),
      [Symbol.asyncDispose]: () => Promise.reject(new Error('cannot remove it')),
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.failure?.messages).toEqual(['no room']);
    expect(record.cleanup).toContainEqual({ what: 'asset "memory"', outcome: 'failed', message: 'cannot remove it' });
  });
});

describe('a drill in which something fails outside of a stage', () => {
  it.each<[string, (world: ReturnType<typeof memoryWorld>) => void]>([
    [
      'a backup that returns nothing',
      (world) => {
        world.procedure = { backup: () => Promise.resolve(JSON.parse('null')) };
      },
    ],
    [
      'a restore that returns nothing',
      (world) => {
        world.procedure = { restore: () => Promise.resolve(JSON.parse('null')) };
      },
    ],
    [
      'a procedure that cannot say in what it differs from production',
      (world) => {
        world.procedure = {
          differencesFromProduction: () => {
            throw new Error('no idea');
          },
        };
      },
    ],
  ])('B1: cleans up and leaves a verdict: %s', async (_, bend) => {
    const world = memoryWorld();
    bend(world);
    const { record, saved } = await runMemoryDrill(memoryContract(world));
    expect(record.failure).toMatchObject({ blame: 'harness' });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(saved.at(-1)).toEqual(record);
    expect(world.disposed.count).toBe(world.opened.count);
  });

  it('B1: leaves an unproven record without what was observed when that cannot be cleared of secrets', async () => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    const secrets = new Secrets();
    world.procedure = {
      backup: (context) => honest.backup(context),
      restore: async (point, context) => {
        secrets.redact = () => {
          throw new RangeError('the canary cannot be cleared');
        };
        return { ...(await honest.restore(point, context)), claimed: 'the canary' };
      },
    };
    const { record, saved } = await runMemoryDrill(memoryContract(world), { secrets });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.failure).toMatchObject({ stage: 'record', blame: 'harness' });
    expect(JSON.stringify(record)).not.toContain('canary');
    expect(record.cleanup.length).toBeGreaterThan(0);
    expect(saved.at(-1)).toEqual(record);
    expect(world.disposed.count).toBe(1);
  });

  it('B1: cleans up and leaves a verdict: an asset without lanes', async () => {
    const world = memoryWorld();
    const { asset } = memoryContract(world);
    const open: typeof asset.open = async (given) => ({ ...(await asset.open(given)), lanes: JSON.parse('null') });
    const { record } = await runMemoryDrill(memoryContract(world, { asset: { ...asset, open } }));
    expect(record.judgement?.verdict).toBe('unproven');
    expect(world.disposed.count).toBe(1);
  });

  it('B1: records as unproven what a plug-in returned in another form than a record has', async () => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: async (context) => ({ ...(await honest.backup(context)), sizeBytes: JSON.parse('"many"') }),
      restore: (point, context) => honest.restore(point, context),
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(drillRecordSchema.parse(record)).toEqual(record);
    expect(record.failure?.messages.join()).toContain('recoveryPoint');
    expect(record.judgement?.verdict).toBe('unproven');
  });
});

describe('the record of a drill', () => {
  it.each(['started', 'restored'])('B1: is final and unproven when saving it as %s fails', async (failing) => {
    const world = memoryWorld();
    const saved: string[] = [];
    const { record } = await runMemoryDrill(memoryContract(world), {
      save: async ({ state }) => {
        if (state === failing) throw new Error('disk full');
        saved.push(state);
      },
    });
    expect(record.failure?.messages).toContain('disk full');
    expect(record.judgement?.verdict).toBe('unproven');
    expect(saved.at(-1)).toBe('complete');
    expect(world.disposed.count).toBe(world.opened.count);
  });

  it('B1: is handed on with the error when the final one cannot be saved', async () => {
    const world = memoryWorld();
    const drill = runMemoryDrill(memoryContract(world), {
      save: async ({ state }) => {
        if (state === 'complete') throw new Error('disk full');
      },
    });
    const error: unknown = await drill.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsavedRecordError);
    expect(error).toMatchObject({ cause: new Error('disk full'), record: { judgement: { verdict: 'met' } } });
    expect(world.disposed.count).toBe(1);
  });

  it('B2: cannot be written once it is judged', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    expect(() => record.phases.push(record.phases[0] ?? never())).toThrow(TypeError);
    expect(() => Object.assign(record.moments, { ended: null })).toThrow(TypeError);
  });
});

describe('the parts of a restore', () => {
  const parts = (restore: (context: RestoreContext) => Promise<unknown>, rtoMs = 10_000) => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: honest.backup,
      restore: async (point, context) => {
        await restore(context);
        return honest.restore(point, context);
      },
    };
    return runMemoryDrill(memoryContract(world, { detection: undefined, decisionMs: 0, rtoMs }));
  };
  const phaseOf = (record: DrillRecord, name: string) => record.phases.find((phase) => phase.name === name);

  it.each([
    ['honours its signal', (context: RestoreContext) => context.step.signal],
    ['ignores it', () => new AbortController().signal],
  ])('B2: are not counted twice when the budget ends in one of them, and the work %s', async (_, signalOf) => {
    const { record, saved } = await parts(async (context) => {
      await context.phase?.('promotion', () => context.step.clock.pause(60_000, signalOf(context)));
    }, 1_000);
    expect(phaseOf(record, 'promotion')).toMatchObject({ outcome: 'timed-out' });
    expect(phaseOf(record, 'restore')).toMatchObject({ outcome: 'timed-out' });
    const { disasterEnded, restoreBegan } = record.moments;
    const goneMs = (restoreBegan?.monotonicMs ?? 0) - (disasterEnded?.monotonicMs ?? 0);
    const measuredMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs, 0);
    // The deadline is one second beyond the RTO.
    expect(measuredMs).toBe(2_000);
    expect(goneMs).toBeLessThan(100);
    expect(saved.at(-1)).toEqual(record);
  });

  it('are not counted twice when they are nested or run side by side', async () => {
    const { record } = await parts(async ({ phase, step: { clock, signal } }) => {
      await phase?.('promotion', () => phase('redirect', () => clock.pause(300, signal)));
      await Promise.all([
        phase?.('promotion', () => clock.pause(500, signal)),
        phase?.('redirect', () => clock.pause(500, signal)),
      ]);
    });
    const sumMs = (phaseOf(record, 'promotion')?.measuredMs ?? 0) + (phaseOf(record, 'redirect')?.measuredMs ?? 0);
    expect(sumMs).toBe(800);
  });

  it('that begin after the restore is over are refused', async () => {
    let late: unknown;
    await parts(async ({ phase, step: { clock } }) => {
      void clock
        .pause(10, new AbortController().signal)
        .then(() => phase?.('redirect', async () => undefined))
        .catch((error: unknown) => {
          late = error;
        });
    });
    expect(String(late)).toContain('over');
  });

  it('that failed and were repeated with success are completed', async () => {
    const { record } = await parts(async ({ phase }) => {
      await phase?.('promotion', () => Promise.reject(new Error('too early'))).catch(() => undefined);
      await phase?.('promotion', async () => undefined);
    });
    expect(phaseOf(record, 'promotion')).toMatchObject({ outcome: 'completed' });
  });
});

function never(): never {
  throw new Error('there is none');
}
