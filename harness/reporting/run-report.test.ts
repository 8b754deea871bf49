import { describe, expect, it } from 'vitest';
import { renderRunReport } from './run-report.ts';
import { listNotMet } from './run-summary.ts';
import { madeUpDrill, madeUpFinding, madeUpPosture, madeUpRun } from './testing/made-up-records.ts';

const traits = { live: false, columns: 100, rows: 24, colour: false, unicode: false };
const options = { traits, recordPath: () => 'reports/runs/r/drills/d.json', runPath: 'reports/latest/run.json' };

const breached = madeUpDrill({
  contract: 'backup-bucket',
  judgement: {
    verdict: 'breached',
    sentence: 'One Secret differs',
    findings: [madeUpFinding('rto', 'met'), madeUpFinding('content', 'breached', 'One Secret differs.')],
  },
});
const atRisk = madeUpDrill({
  judgement: { verdict: 'at-risk', sentence: 'Slow.', findings: [madeUpFinding('rto', 'at-risk')] },
});
const interrupted = madeUpDrill({
  disaster: 'server-lost',
  judgement: null,
  failure: { stage: 'restore', blame: 'harness', messages: ['the API did not answer'], aborted: true },
});

describe('the list of what is not met', () => {
  it('has one sentence for each such drill, the worst first, and none for a met one', () => {
    expect(
      listNotMet([madeUpDrill(), atRisk, interrupted, breached]).map(({ label, verdict, sentence }) => ({
        label,
        verdict,
        sentence,
      })),
    ).toEqual([
      { label: 'backup-bucket/stream-deleted', verdict: 'breached', sentence: 'One Secret differs.' },
      {
        label: 'nats-streams/server-lost',
        verdict: 'unproven',
        sentence: 'The drill was interrupted at "restore": the API did not answer.',
      },
      { label: 'nats-streams/stream-deleted', verdict: 'at-risk', sentence: 'Slow.' },
    ]);
  });

  it('B33: tells every breached finding of a drill, each cause once', () => {
    const lost = 'None of 50 messages came back';
    const several = madeUpDrill({
      judgement: {
        verdict: 'breached',
        sentence: lost,
        findings: [
          madeUpFinding('destruction', 'unproven', 'Not proved.'),
          madeUpFinding('content', 'breached', lost),
          madeUpFinding('rpo', 'breached', `${lost}.`),
          madeUpFinding('rto', 'breached', `${lost}; and more.`),
          madeUpFinding('exposure', 'breached', 'The schedule permits losing 1 d.'),
        ],
      },
    });
    expect(listNotMet([several])).toMatchObject([
      {
        sentence: 'None of 50 messages came back. Also: The schedule permits losing 1 d.',
        lookAt: 'comparison, markers, phases, probe, contract.schedule and recoveryPoint',
      },
    ]);
  });

  it('B33: of what is not proved tells the first finding', () => {
    const findings = [madeUpFinding('content', 'unproven', 'One.'), madeUpFinding('rto', 'unproven', 'Two.')];
    const unproven = madeUpDrill({ judgement: { verdict: 'unproven', sentence: 'One.', findings } });
    expect(listNotMet([unproven])).toMatchObject([{ sentence: 'One.', lookAt: 'comparison and markers' }]);
  });

  it('says which part of the record shows the cause', () => {
    expect(listNotMet([breached, interrupted, atRisk]).map(({ lookAt }) => lookAt)).toEqual([
      'comparison and markers',
      'failure',
      'phases and probe',
    ]);
  });
});

describe('the report of a run', () => {
  it('ends with the counts and the exit code', () => {
    const report = renderRunReport(madeUpRun([madeUpDrill(), atRisk, breached, interrupted]), options);
    expect(report.trimEnd().split('\n').at(-1)).toBe(
      '4 drills in 1 min 4 s: 1 met, 1 at-risk, 1 breached, 1 unproven. Exit 1.',
    );
  });

  it('names the record of everything that is not met, and nothing to look at when all is met', () => {
    expect(renderRunReport(madeUpRun([breached]), options)).toContain(
      'Look at comparison and markers in reports/runs/r/drills/d.json',
    );
    expect(renderRunReport(madeUpRun([madeUpDrill()]), options)).not.toContain('Look at');
  });

  it('says how long each stage of the run and of each drill took', () => {
    const report = renderRunReport(madeUpRun([madeUpDrill()]), options);
    expect(report).toContain('toolchain 300 ms, target started 6.1 s, drills 56 s, target stopped 1.2 s');
    expect(report).toContain('nats-streams/stream-deleted: 12.3 s (seed 1.5 s, restore 2.8 s)');
  });

  it('shows what the contract budgets, as added, once for all contracts that budget the same', () => {
    const detection = { name: 'detection', measuredMs: 4, addedMs: 90_000, outcome: 'completed' } as const;
    const drills = ['nats-streams', 'nats-streams', 'api'].map((contract) =>
      madeUpDrill({ contract, phases: [detection] }),
    );
    const report = renderRunReport(madeUpRun(drills), options);
    expect(report.match(/RTA of nats-streams and api includes 1 min 30 s of detection/g)).toHaveLength(1);
  });

  it('B38: shows what production waits for its sync of backups, as added, with the setting, and for those drills alone', () => {
    const sync = { name: 'backup-sync', measuredMs: 4, addedMs: 59_996, outcome: 'completed' } as const;
    const detection = { name: 'detection', measuredMs: 4, addedMs: 90_000, outcome: 'completed' } as const;
    const waiting = madeUpDrill({ disaster: 'region-lost', phases: [detection, sync] });
    const drills = [
      { ...waiting, disaster: { ...waiting.disaster, backupWait: { waitMs: 60_000, because: 'a period of 30s' } } },
      madeUpDrill({ disaster: 'stream-deleted', phases: [detection] }),
    ];
    const report = renderRunReport(madeUpRun(drills), options).replaceAll(/\s+/g, ' ');
    expect(report).toContain(
      'The RTA of nats-streams/region-lost includes 1 min of backup-sync, which production may have to wait but the drill did not: a period of 30s.',
    );
    expect(report).toContain('includes 1 min 30 s of detection, which the contract budgets');
  });
});

describe('a report with postures', () => {
  const met = { name: 'bucket-settings', verdict: 'met' as const, sentence: 'As declared.' };
  const unproven = { name: 'velero-daily-backups', verdict: 'unproven' as const, sentence: 'None is there.' };
  const wrong = { name: 'nats-writer-policy', verdict: 'breached' as const, sentence: 'It allows too much.' };

  it('has a row a check, and a sentence for each that is not met, the breached first', () => {
    const report = renderRunReport(madeUpRun([], [madeUpPosture([met, unproven, wrong])]), options);
    expect(report).toMatch(/off-site-backups {2}bucket-settings +27 settings {2}met +300 ms/);
    expect(report.indexOf('off-site-backups/nats-writer-policy: It allows too much.')).toBeLessThan(
      report.indexOf('off-site-backups/velero-daily-backups: None is there.'),
    );
    expect(report).toContain('3 posture checks in 1.2 s: 1 met, 1 breached, 1 unproven. Exit 1.');
    expect(report).not.toContain('0 drills');
  });

  it('says which check halts the roll-out, for what, who answers for it and what is next, also of one at risk', () => {
    const halting = { halts: 'backups', owner: 'storage', nextStep: 'Repair the backups.' } as const;
    const nearly = { name: 'monthly-cost', verdict: 'at-risk' as const, sentence: 'It costs nearly too much.' };
    const checks = [met, { ...nearly, halts: 'cost', owner: 'finance' } as const, { ...unproven, ...halting }, wrong];
    const report = renderRunReport(madeUpRun([], [madeUpPosture(checks)]), options);
    expect(report).toMatch(
      /velero-daily-backups +27 settings {2}unproven +300 ms\n +halts the\n +roll-out\n +\(backups\)/,
    );
    const words = report.replaceAll(/\s+/g, ' ');
    expect(words).toContain('None is there. It halts the roll-out (backups). Owner: storage. Repair the backups.');
    expect(words).toContain(
      'at-risk off-site-backups/monthly-cost: It costs nearly too much. It halts the roll-out (cost).',
    );
    expect(words).toMatch(/It allows too much\..*None is there\..*nearly too much\./);
    expect(words.match(/halts the roll-out/g)).toHaveLength(4);
    expect(words).toContain('1 met, 1 at risk, 1 breached, 1 unproven. Exit 1.');
  });

  it('E32: counts one drill and one check as one', () => {
    const report = renderRunReport(madeUpRun([madeUpDrill()], [madeUpPosture([met])]), options);
    expect(report).toMatch(/\n1 drill in .*: 1 met, .* 1 posture check in /);
    expect(report).not.toMatch(/\b1 (?:drills|posture checks)\b/);
  });

  it('exits by its drills and its postures together', () => {
    const run = (...postures: Parameters<typeof madeUpPosture>[0]) =>
      madeUpRun([madeUpDrill()], [madeUpPosture(postures)]);
    expect(run(met).summary).toMatchObject({ drills: 1, met: 1, exitCode: 0 });
    expect(run(met, unproven).summary.exitCode).toBe(2);
    expect(run(unproven, wrong).summary.exitCode).toBe(1);
  });
});

describe('which recovery points were restored', () => {
  const at = { utc: '2026-01-15T12:00:00.000Z', monotonicMs: 0 };
  const taken = (['older', 'newer'] as const).map((name) => ({
    name,
    id: name,
    location: `s3://backups/${name}`,
    captureBegan: at,
    durable: at,
    content: { items: 1, digest: 'sha256:1' },
  }));
  const restoring = (restored: 'older' | 'newer', disaster: string) => ({
    ...madeUpDrill({ disaster }),
    recoveryPoints: { taken, changes: ['key added'], restored },
  });
  const said = (drills: ReturnType<typeof madeUpDrill>[]) =>
    renderRunReport(madeUpRun(drills), options).replaceAll(/\s+/g, ' ');

  it('N04: a run that restored the older one alone says that the newer one is not proved', () => {
    expect(said([restoring('older', 'stream-deleted')])).toContain(
      'No drill of this run restored the newer recovery point of',
    );
  });

  it('N04: a run that restored both says which drill restored the older one', () => {
    const both = said([restoring('older', 'stream-deleted'), restoring('newer', 'server-lost')]);
    expect(both).toContain('restored the older of two recovery points.');
    expect(both).not.toContain('restored the newer one');
  });
});
