import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { type ExportedRun, exportedFromLedger } from '../exports/exported-run.ts';
import { ledgerOf, type MadeUpDrill, run } from '../gate/testing/made-up-gate.ts';
import { diffRuns } from './diff-runs.ts';
import { renderDiff } from './render-history.ts';

const plain = { live: false, columns: 100, rows: 24, colour: false, unicode: true };

async function exported(wanted: MadeUpDrill = {}): Promise<ExportedRun> {
  const found = await exportedFromLedger(ledgerOf(run(wanted)).toReversed(), { before: 0 });
  if (found === undefined) throw new Error('no run');
  return found;
}

const changed = async (change: (record: DrillRecord) => void, base: (record: DrillRecord) => void = () => undefined) =>
  diffRuns(
    await exported({ change: base }),
    await exported({
      change: (record) => {
        base(record);
        change(record);
      },
    }),
  );

const told = async (...args: Parameters<typeof changed>) =>
  (await changed(...args)).changes.map(
    ({ kind, what, before, after, worse }) => `${kind} ${what}: ${before} to ${after}, ${worse}`,
  );

/** Changes only the phase; the judge notices that its moments differ. */
const restoreTakes = (measuredMs: number) => (record: DrillRecord) => {
  for (const phase of record.phases) if (phase.name === 'restore') phase.measuredMs = measuredMs;
};

describe('what changed from one run to another', () => {
  it('is nothing between two drills that differ by noise', async () => {
    expect((await told(restoreTakes(12_900))).filter((change) => !change.startsWith('verdict'))).toEqual([]);
  });

  it('is a phase, and the recovery time with it, that took longer beyond noise', async () => {
    expect((await told(restoreTakes(45_000))).filter((change) => change.startsWith('time'))).toEqual([
      'time RTA: 2 min 30 s to 3 min 3 s, true',
      'time phase restore: 12 s to 45 s, true',
    ]);
  });

  it('page 4: is for the worse where something new is not kept', async () => {
    const before = await exported();
    const failed: ExportedRun = { ...before, failures: ['the disk is full'] };
    const diff = diffRuns(before, failed);
    expect(diff.changes).toEqual([
      expect.objectContaining({ kind: 'new', what: 'the disk is full', after: 'unproven', worse: true }),
    ]);
    expect(renderDiff(diff, plain)).toMatch(/only in B .* worse\n.*the disk is full/s);
    expect(diffRuns(failed, before).changes).toEqual([expect.objectContaining({ kind: 'missing', worse: false })]);
    const nothing: ExportedRun = { ...before, drills: [], promises: [] };
    expect(diffRuns(nothing, before).changes).toContainEqual(
      expect.objectContaining({ kind: 'new', after: 'met', worse: null }),
    );
    expect(diffRuns(before, nothing).changes).toContainEqual(
      expect.objectContaining({ kind: 'missing', before: 'met', worse: true }),
    );
  });

  it('page 4: loses no result of which there are several under one name', async () => {
    const before: ExportedRun = { ...(await exported()), failures: ['one'] };
    const after: ExportedRun = { ...before, failures: ['two', 'one', 'three'] };
    expect(diffRuns(before, after).changes.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      'new two',
      'new three',
    ]);
    expect(diffRuns(after, before).changes.filter(({ kind }) => kind === 'missing')).toHaveLength(2);
  });

  it('is a verdict, with the sentence of the drill', async () => {
    const { changes } = await changed((record) => {
      record.contract.rtoMs = 60_000;
    });
    expect(changes).toContainEqual(
      expect.objectContaining({
        kind: 'verdict',
        before: 'met',
        after: 'breached',
        worse: true,
        what: expect.stringMatching(/^Promised back within 1 min/),
      }),
    );
    expect(changes).toContainEqual(expect.objectContaining({ kind: 'promise', what: 'RTO', after: '1 min' }));
  });

  it('is not how much was seeded, as long as that is nearly the same and all of it came back', async () => {
    const more = (items: number) => (record: DrillRecord) => {
      if (record.seeded !== null) record.seeded = { ...record.seeded, items, bytes: items * 1_000 };
      const [messages] = record.comparison?.items ?? [];
      if (messages !== undefined) Object.assign(messages, { expected: items, restored: items, matched: items });
    };
    expect(await told(more(1_009), more(1_000))).toEqual([]);
    expect(await told(more(1_500), more(1_000))).toEqual([
      'content items that were seeded: 1000 to 1500, null',
      'content bytes that were seeded: 976.6 KiB to 1.4 MiB, null',
    ]);
  });

  it('is what no longer came back', async () => {
    expect(
      await told((record) => {
        const [messages] = record.comparison?.items ?? [];
        if (messages !== undefined) Object.assign(messages, { restored: 48, matched: 48, missing: 2 });
      }),
    ).toContain('content messages that came back as they were: all 50 to 48 of 50, true');
  });

  it('is what is not verified any more, whatever the drill called its things', async () => {
    const notVerified =
      (...texts: string[]) =>
      (record: DrillRecord) => {
        record.drillId = `d${texts.length}`;
        if (record.comparison !== null)
          record.comparison.notVerified = texts.map((text) => text.replace('ID', record.drillId));
      };
    expect(await told(notVerified('dr-ID stays', 'owner references'), notVerified('dr-ID stays'))).toEqual([
      'content not verified: null to owner references, true',
    ]);
  });

  it('is a version of anything that took part', async () => {
    const tool = (version: string) => (record: DrillRecord) => {
      record.environment.tools = [{ name: 'nats-server', version, source: 'cache' }];
    };
    expect(await told(tool('2.15.0'), tool('2.14.0'))).toEqual(['version nats-server: 2.14.0 to 2.15.0, null']);
  });

  it('is a promise that only one of them has', async () => {
    const [a, b] = [await exported(), await exported({ contract: 'api' })];
    expect(diffRuns(a, b).changes.map(({ kind, contract, worse }) => [kind, contract, worse])).toEqual([
      ['new', 'api', null],
      ['missing', 'orders', true],
    ]);
  });

  it('compares no times of other targets, machines or ways of measuring, and says why', async () => {
    const slow = { change: restoreTakes(45_000) };
    const a = await exported();
    const docker = diffRuns(a, await exported({ ...slow, target: 'docker' }));
    expect(docker.timesNotCompared).toBe('the targets are local and docker');
    expect(docker.changes.filter(({ kind }) => kind === 'time')).toEqual([]);
    const measured = diffRuns(a, await exported({ ...slow, measurementVersion: 9 }));
    expect(measured.timesNotCompared).toMatch(/^they were measured by versions \d and 9$/);
    const machine = await changed((record) => {
      restoreTakes(45_000)(record);
      record.environment.host = { ...record.environment.host, cpus: 64 };
    });
    expect(machine.changes.filter(({ kind }) => kind === 'time')).toEqual([]);
  });
});

describe('the text of a diff', () => {
  it('has a line for each change, and the sentence of a verdict below', async () => {
    const text = renderDiff(
      await changed((record) => {
        record.contract.rtoMs = 60_000;
      }),
      plain,
    );
    expect(text).toMatch(/^A {2}r3600000-orders- {2}\S+ {2}local {2}c0ffee0000\nB /);
    expect(text).toMatch(/orders +verdict +met +breached +worse\n {2}wiped\n/);
    expect(text).toMatch(/\norders, wiped: Promised back within 1 min; recovered in 2 min 30 s/);
  });

  it('says that nothing changed', async () => {
    expect(renderDiff(await changed(() => undefined), plain)).toMatch(/\nNothing changed beyond noise\.\n$/);
  });
});
