import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../entry.ts';
import { PeriodCollector } from './collect-period.ts';
import { csvLines } from './csv-lines.ts';
import { PeriodResults } from './period-results.ts';
import { entriesOf, type MadeUpDay, ordersDrill, ordersPromise, periodOf } from './testing/made-up-period.ts';

const resultsOf = (days: readonly MadeUpDay[]) => {
  const results = new PeriodResults(periodOf('2026-11-01', '2026-11-30'));
  for (const entry of entriesOf(days)) results.add(entry);
  return results.result();
};

describe('the results of a period', () => {
  it('are the last drill of each promise, and a promise without a drill is not proved', () => {
    const promises = [ordersPromise({ disasters: ['stream-deleted', 'server-lost'] })];
    const { run, groups } = resultsOf([
      { on: '2026-11-02', promises, drills: [ordersDrill('breached')] },
      { on: '2026-11-20', promises },
      { on: '2026-12-02', promises, drills: [ordersDrill('breached')] },
    ]);
    expect(run.drills.map(({ drillId }) => drillId)).toEqual(['d2x0']);
    expect(groups.find(({ disaster }) => disaster === 'server-lost')).toMatchObject({
      verdict: 'unproven',
      outcome: 'error',
      sentence: 'It was promised, and no drill of the period tested it.',
    });
  });

  it('are the worst of the last drills on each target', () => {
    const broken = ordersDrill('breached');
    const elsewhere = ordersDrill('met', { environment: { ...broken.environment, target: 'elsewhere' } });
    const { run } = resultsOf([
      { on: '2026-11-02', drills: [broken] },
      { on: '2026-11-03', drills: [elsewhere] },
    ]);
    expect(run.drills.map(({ judgement }) => judgement?.verdict)).toEqual(['breached']);
  });

  it('are the worst of the last checks on each target', () => {
    const { run } = resultsOf([
      { on: '2026-11-02', target: 'docker', posture: 'breached' },
      { on: '2026-11-03', target: 'local', posture: 'met' },
    ]);
    expect(run.postures.map(({ verdict }) => verdict)).toEqual(['breached']);
  });

  it('gate-9: belong to the period in which the drill ended, whenever its entry was appended, in every format', async () => {
    const endedOn =
      (utc: string) =>
      (body: EntryBody): EntryBody => {
        if (body.kind !== 'drill') return body;
        const moments = { ...body.record.moments, ended: { utc, monotonicMs: 9 } };
        return { ...body, record: { ...body.record, moments } };
      };
    const ofFormats = async (on: string, utc: string) => {
      const period = periodOf('2026-11-01', '2026-11-30');
      const entries = entriesOf([{ on, change: endedOn(utc) }]);
      const [collector, results] = [new PeriodCollector(period), new PeriodResults(period)];
      for (const entry of entries) {
        collector.add(entry);
        results.add(entry);
      }
      const lines = await Array.fromAsync(csvLines(entries, period));
      const counted = collector.result().promises.map(({ counts }) => counts.met);
      return [counted.reduce((sum, met) => sum + met, 0), results.result().run.drills.length, lines.length - 1];
    };
    expect(await ofFormats('2026-11-02', '2026-10-31T23:00:00.000Z')).toEqual([0, 0, 0]);
    expect(await ofFormats('2026-12-02', '2026-11-30T23:00:00.000Z')).toEqual([1, 1, 1]);
    expect(await ofFormats('2026-11-30', '2026-11-30T00:00:00.000Z')).toEqual([1, 1, 1]);
  });

  it('take what was promised last before the period, and nothing that was withdrawn before', () => {
    const other = [ordersPromise({ contract: 'users' })];
    const { run } = resultsOf([{ on: '2026-10-02' }, { on: '2026-10-03', promises: other, drills: [] }]);
    expect(run.promises?.map(({ contract }) => contract)).toEqual(['users']);
    expect(run.drills).toEqual([]);
  });
});
