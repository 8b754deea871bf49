import { describe, expect, it } from 'vitest';
import type { DrillRecord, LaneOutcome } from '../model/record.ts';
import { differencesIn, judgeContent } from './content.ts';
import { metRecord } from './testing/met-records.ts';

const judged = (change: (record: DrillRecord) => void = () => undefined) => judgeContent(metRecord(change));
const inLane = (changed: Partial<LaneOutcome>) =>
  judged((record) => {
    const [first, second] = record.markers;
    if (first === undefined || second === undefined) throw new Error('there are no lanes');
    record.markers = [first, { ...second, ...changed }];
  });
const counts = (changed: object) => ({
  kind: 'messages',
  expected: 50,
  restored: 50,
  matched: 50,
  missing: 0,
  extra: 0,
  differing: 0,
  ...changed,
});
const difference = { item: 'message 7', field: 'payload', expected: 'a', observed: 'b' };

describe('content', () => {
  it('that all came back the same is met, and says what was compared', () => {
    expect(judged()).toEqual({
      name: 'content',
      verdict: 'met',
      sentence: 'Everything acknowledged before the capture came back the same: 50 messages, 2 consumers.',
    });
  });

  it.each<[Partial<LaneOutcome>, string, string]>([
    [
      { lostFromReplica: 2, firstLostFromReplica: 31, lostBeforeCapture: 1, firstLostBeforeCapture: 4 },
      '2 markers in payments were lost although the mirror had acknowledged them (first: 31); the mirror or its promotion loses data. The last thing that the restore said: "Completed".',
      'replica-lost-data',
    ],
    [
      { lostBeforeCapture: 2, firstLostBeforeCapture: 4, altered: 1 },
      '2 of 10 markers acknowledged in payments before the backup began did not come back (first: 4); the backup or the restore leaves data out. The last thing that the restore said: "Completed".',
      'content-missing',
    ],
    [
      { altered: 3, duplicated: 1 },
      '3 markers in payments came back altered; the backup or the restore changes data.',
      'content-altered',
    ],
    [
      { duplicated: 3, reordered: 1 },
      '3 markers in payments came back more than once; the restore duplicates data.',
      'content-duplicated',
    ],
    [
      { reordered: 3, unknown: 1 },
      '3 markers in payments came back out of order; the restore reorders data.',
      'content-reordered',
    ],
    [
      { unknown: 3 },
      '3 markers in payments came back that nobody wrote; the restore brings foreign data.',
      'foreign-content',
    ],
  ])('is corrupt where markers are: %j', (changed, sentence, cause) => {
    expect(inLane(changed)).toEqual({ name: 'content', verdict: 'breached', cause, sentence });
  });

  it('says that nothing came back where nothing did, and names no part that was left out', () => {
    const nothing = (changed: object = {}) =>
      judged((record) => {
        record.comparison = {
          items: [counts({ restored: 0, matched: 0, missing: 50, ...changed })],
          firstDifferences: [difference],
          notVerified: [],
        };
        for (const lane of record.markers) Object.assign(lane, { restored: 0, lostBeforeCapture: 10 });
      });
    expect(nothing().sentence).toMatch(
      /^Nothing came back: none of 50 messages, \d+ markers acknowledged in \S+ before the backup began and 10 markers acknowledged in payments before the backup began\. /,
    );
    expect(nothing().verdict).toBe('breached');
    expect(nothing({ restored: 1 }).sentence).not.toContain('Nothing came back');
    expect(nothing({ expected: 0, missing: 0 }).sentence).not.toContain('Nothing came back');
  });

  it('says that nothing came back only if neither an item nor a marker did', () => {
    const back = { one: counts({ restored: 0, matched: 0, missing: 50 }), other: counts({ kind: 'consumers' }) };
    const sentence = (items: DrillRecord['comparison'], restored: readonly [number, number]) =>
      judged((record) => {
        record.comparison = items;
        for (const [index, lane] of record.markers.entries()) {
          Object.assign(lane, { restored: restored[index], lostBeforeCapture: 10, firstLostBeforeCapture: 1 });
        }
      }).sentence;
    const only = (...items: ReturnType<typeof counts>[]) => ({
      items,
      firstDifferences: [difference],
      notVerified: [],
    });
    expect(sentence(only(back.one), [0, 0])).toContain('Nothing came back');
    expect(sentence(only(back.one, back.other), [0, 0])).not.toContain('Nothing came back');
    expect(sentence(only(back.one), [0, 5])).not.toContain('Nothing came back');
    expect(sentence(null, [0, 0])).not.toContain('Nothing came back');
  });

  it('names what did not come back: one kind, two kinds, and no lane in which nothing had been acknowledged', () => {
    const sentence = (...kinds: string[]) =>
      judged((record) => {
        record.comparison = {
          items: kinds.map((kind) => counts({ kind, restored: 0, matched: 0, missing: 50 })),
          firstDifferences: [],
          notVerified: [],
        };
        for (const lane of record.markers) Object.assign(lane, { restored: 0, acknowledgedBeforeCapture: 0 });
      }).sentence;
    expect(sentence('messages')).toMatch(/^Nothing came back: none of 50 messages\./);
    expect(sentence('messages', 'consumers')).toMatch(/^Nothing came back: none of 50 messages and 50 consumers\./);
  });

  it('is not breached where all of a lane was written after the capture, and lost', () => {
    expect(inLane({ restored: 0, acknowledgedBeforeCapture: 0, lostBeforeCapture: 0 }).verdict).not.toBe('breached');
  });

  it('says that nothing of a lane came back, and not that data was left out of it', () => {
    expect(inLane({ restored: 0, lostBeforeCapture: 10, firstLostBeforeCapture: 1 }).sentence).toMatch(
      /^None of the 10 markers acknowledged in payments before the backup began came back; the backup or the restore leaves payments out\./,
    );
  });

  it('names the missing content by its own names, where markers of the harness are missing as well', () => {
    const finding = judged((record) => {
      record.comparison = {
        items: [
          counts({ kind: 'ConfigMap', expected: 1, restored: 0, matched: 0, missing: 1 }),
          counts({ kind: 'Secret' }),
        ],
        firstDifferences: [
          { item: 'ConfigMap settings', field: '(whole object)', expected: 'there', observed: 'absent' },
        ],
        notVerified: [],
      };
      for (const lane of record.markers)
        Object.assign(lane, { restored: 0, lostBeforeCapture: 10, firstLostBeforeCapture: 1 });
    });
    expect(finding.cause).toBe('content-missing');
    expect(finding.sentence).toContain('ConfigMap settings');
    expect(finding.sentence).not.toContain('marker');
  });

  it('is breached by what is missing, differs, or is too much, with the first difference', () => {
    const comparison = {
      items: [counts({ matched: 40, missing: 4, differing: 6, extra: 2 }), counts({ kind: 'consumers' })],
      firstDifferences: [difference, { ...difference, item: 'message 8' }],
      notVerified: [],
    };
    expect(
      judged((record) => {
        record.comparison = comparison;
        record.restore = null;
      }),
    ).toEqual({
      name: 'content',
      verdict: 'breached',
      cause: 'content-missing',
      sentence:
        'What came back is not what was backed up: 4 of 50 messages missing, 6 of 50 messages differing, 2 messages too many. First difference: message 7, payload: expected a, found b.',
    });
  });

  it('B17: is breached by a difference that no count shows, without an empty list of counts', () => {
    const comparison = { items: [counts({})], firstDifferences: [difference], notVerified: [] };
    expect(differencesIn(comparison)).toBe('First difference: message 7, payload: expected a, found b.');
    expect(
      judged((record) => {
        record.comparison = comparison;
      }).sentence,
    ).toBe('What came back is not what was backed up: First difference: message 7, payload: expected a, found b.');
  });

  it('differs by counts alone, or not at all', () => {
    const differing = (changed: object) =>
      differencesIn({ items: [counts(changed)], firstDifferences: [], notVerified: [] });
    expect(differing({ missing: 1 })).toBe('1 of 50 messages missing.');
    expect(differing({ differing: 1 })).toBe('1 of 50 messages differing.');
    expect(differing({ extra: 1 })).toBe('1 message too many.');
    expect(differing({})).toBeUndefined();
    expect(differencesIn(null)).toBeUndefined();
  });

  it('asks for markers before the capture only where there was one', () => {
    const finding = judged((record) => {
      record.moments.captureBegan = null;
      for (const lane of record.markers) lane.acknowledgedBeforeCapture = 0;
    });
    expect(finding.verdict).toBe('met');
  });

  it('counts what matched of all kinds', () => {
    const finding = judged((record) => {
      record.comparison = {
        items: [counts({ matched: 0, expected: 0, restored: 0 }), counts({ kind: 'consumers', matched: 1 })],
        firstDifferences: [],
        notVerified: [],
      };
    });
    expect(finding.sentence).toBe(
      'Everything acknowledged before the capture came back the same: 0 messages, 1 consumer.',
    );
  });

  it.each<[string, (record: DrillRecord) => void, string, string]>([
    [
      'nothing was restored',
      (record) => {
        record.moments.restoreEnded = null;
      },
      'Nothing was restored.',
      'restore-failed',
    ],
    [
      'there is no fingerprint',
      (record) => {
        record.fingerprint = null;
      },
      'The asset was empty before the disaster, so its restore proves nothing.',
      'asset-empty',
    ],
    [
      'the asset was empty',
      (record) => {
        record.fingerprint = { items: 0, bytes: 0, digest: 'd' };
      },
      'The asset was empty before the disaster, so its restore proves nothing.',
      'asset-empty',
    ],
    [
      'nothing was compared',
      (record) => {
        record.comparison = null;
      },
      'Zero items were compared after the restore, so nothing is proved.',
      'not-looked-at',
    ],
    [
      'zero items were compared',
      (record) => {
        record.comparison = { items: [counts({ expected: 0, matched: 0 })], firstDifferences: [], notVerified: [] };
      },
      'Zero items were compared after the restore, so nothing is proved.',
      'not-looked-at',
    ],
    [
      'no marker was acknowledged before the backup',
      (record) => {
        for (const lane of record.markers.slice(1)) lane.acknowledgedBeforeCapture = 0;
      },
      'No marker was acknowledged in payments before the backup began, so nothing proves that the backup held current data.',
      'not-looked-at',
    ],
    [
      'there are no markers',
      (record) => {
        record.markers = [];
      },
      'No marker was read after the restore, so nothing proves that the backup held current data.',
      'not-looked-at',
    ],
  ])('is unproven where %s', (_, change, sentence, cause) => {
    expect(judged(change)).toEqual({ name: 'content', verdict: 'unproven', cause, sentence });
  });
});
