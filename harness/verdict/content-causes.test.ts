import { describe, expect, test } from 'vitest';
import { madeUpDrill } from '../reporting/testing/made-up-records.ts';
import { judgeContent } from './content.ts';
import { causesOf } from './content-causes.ts';
import { losingLane } from './testing/met-records.ts';

const counts = (kind: string, expected: number, restored: number) => ({
  kind,
  expected,
  restored,
  matched: restored,
  missing: expected - restored,
  extra: 0,
  differing: 0,
});
const point = {
  id: 'p',
  location: 's3://b/p',
  objects: 1,
  digest: 'd',
  encryption: 'e',
  immutability: 'i',
  claimed: '',
};
const drill = (sizeBytes: number, restored: number, warnings: string[] = [], claimed = 'Restore Complete') => ({
  ...madeUpDrill(),
  recoveryPoint: { ...point, sizeBytes },
  seeded: { items: 50, bytes: 10_240, parts: [] },
  restore: { claimed: [...warnings, claimed].join('\n'), warnings, commands: [] },
  comparison: {
    items: [counts('stream configurations', 1, 1), counts('messages', 50, restored)],
    firstDifferences:
      restored === 50
        ? []
        : [{ item: 'stream ORDERS_d1 message 17', field: 'existence', expected: '', observed: 'missing' }],
    notVerified: [],
  },
});

const LAST_WORDS = 'The last thing that the restore said: "Restore Complete".';

describe('why content is missing', () => {
  test('a recovery point far smaller than the data, and configurations alone came back: metadata only', () => {
    expect(causesOf(drill(1_024, 0))).toEqual([
      'None of 50 messages came back, but stream configurations did: with its 1.0 KiB for 10.0 KiB of data, the recovery point holds metadata only.',
      LAST_WORDS,
    ]);
  });

  test('one that is large enough may hold them: nothing is said of it', () => {
    expect(causesOf(drill(2_560, 0))).toEqual([
      'None of 50 messages came back, but stream configurations did.',
      LAST_WORDS,
    ]);
  });

  test('N22: a restore that ended at once is quoted: it asked and took no answer for a no', () => {
    const aborted = drill(10_240, 0, [], 'Restore aborted by user.');
    expect(judgeContent(aborted)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('The last thing that the restore said: "Restore aborted by user."'),
    });
  });

  test('where most items came back, a small recovery point is no cause', () => {
    const record = drill(1_024, 50, [], '');
    const items = [counts('messages', 50, 50), counts('consumers', 2, 0)];
    expect(causesOf({ ...record, comparison: { ...record.comparison, items } })).toEqual([
      'None of 2 consumers came back, but messages did.',
    ]);
  });

  test('what the restore warned of, while it said that it was complete, goes first', () => {
    const warnings = ['WARNING: stream ORDERS_d1 was not restored', 'WARNING: "ORDERS_d1"'];
    expect(causesOf(drill(1_024, 0, warnings))).toEqual([
      'The restore reported this itself, but ended as if it had succeeded ("Restore Complete"): WARNING: stream ORDERS_d1 was not restored (and 1 more).',
    ]);
  });

  test('a warning alone needs no last word', () => {
    const warned = drill(1_024, 49, ['ORDERS_d1 is not there']);
    const alone = { ...warned, restore: { ...warned.restore, claimed: 'ORDERS_d1 is not there' } };
    expect(causesOf(alone)).toEqual([
      'The restore reported this itself, but ended as if it had succeeded: ORDERS_d1 is not there.',
    ]);
  });

  test.each([
    'WARNING: could not restore, ConfigMap:kube-root-ca.crt already exists',
    'WARNING: stream ORDERS_d10 was not restored',
    'WARNING: stream MY-ORDERS_d1 was not restored',
    'WARNING: a message of another stream was not restored, 17 others were',
  ])('a warning that names nothing of what is missing is no cause: %s', (warning) => {
    expect(causesOf(drill(9_000, 49, [warning]))).toEqual([LAST_WORDS]);
  });

  test('a warning may name a lane of which markers were lost', () => {
    const lane = { ...losingLane, lane: 'payments' };
    const record = { ...drill(9_000, 50, ['payments is not back']), markers: [lane] };
    expect(causesOf(record)).toEqual([
      'The restore reported this itself, but ended as if it had succeeded ("Restore Complete"): payments is not back.',
    ]);
    expect(causesOf({ ...record, markers: [{ ...lane, lost: 0 }] })).toEqual([]);
  });

  test.each([
    ['Secret "a b" is gone', 'object "a b"'],
    ['x-7 is gone', 'Secret x-7'],
    ['the object db/dump was not there', 'current version of "db/dump"'],
    ['(ORDERS) was skipped', 'consumer billing of stream ORDERS'],
    ['7zip was skipped', 'Secret 7zip'],
  ])('a warning names what is missing: "%s" of %s', (warning, item) => {
    const record = drill(9_000, 49, [warning]);
    const firstDifferences = [{ item, field: 'existence', expected: '', observed: 'missing' }];
    expect(causesOf({ ...record, comparison: { ...record.comparison, firstDifferences } })).toEqual([
      `The restore reported this itself, but ended as if it had succeeded ("Restore Complete"): ${warning}.`,
    ]);
  });

  test.each([
    ['7 of 12 were restored', 'ConfigMap 12'],
    ['ab is gone', 'Secret ab'],
    ['the bucket is not there', 'bucket the'],
    ['123456 bytes', 'message 123456'],
    ['all of the messages and configurations', 'stream messages configurations'],
    ['all of the Messages and CONFIGURATIONS', 'stream Messages CONFIGURATIONS'],
    ['all of a message', 'message configuration'],
  ])('a warning of a common word or a number is none: "%s" of %s', (warning, item) => {
    const record = drill(9_000, 49, [warning]);
    const firstDifferences = [{ item, field: 'existence', expected: '', observed: 'missing' }];
    expect(causesOf({ ...record, comparison: { ...record.comparison, firstDifferences } })).toEqual([LAST_WORDS]);
  });

  test('kinds are told from names: Secret.v1 is a kind, and payment a name', () => {
    const record = drill(9_000, 49, ['a Secret is not restored', 'payment: forbidden']);
    const items = [counts('Secret.v1', 2, 1)];
    const firstDifferences = [{ item: 'Secret payment', field: '(whole object)', expected: '', observed: 'absent' }];
    expect(causesOf({ ...record, comparison: { ...record.comparison, items, firstDifferences } })).toEqual([
      'The restore reported this itself, but ended as if it had succeeded ("Restore Complete"): payment: forbidden.',
    ]);
  });

  test('white space around what the restore said is left out', () => {
    expect(causesOf(drill(9_000, 49, ['  ORDERS_d1 was skipped '], '  Done  '))).toEqual([
      'The restore reported this itself, but ended as if it had succeeded ("Done"): ORDERS_d1 was skipped.',
    ]);
    expect(causesOf(drill(9_000, 49, [], 'one\n  two  '))).toEqual(['The last thing that the restore said: "two".']);
  });

  test('several kinds are named that came back, and that did not; one of which nothing was expected is not', () => {
    const record = drill(9_000, 0, [], '');
    const items = [counts('a', 1, 1), counts('b', 2, 0), counts('c', 3, 0), counts('d', 1, 1), counts('e', 0, 0)];
    expect(causesOf({ ...record, comparison: { ...record.comparison, items } })).toEqual([
      'None of 2 b and 3 c came back, but a and d did.',
    ]);
    const part = items.with(0, counts('a', 3, 1));
    expect(causesOf({ ...record, comparison: { ...record.comparison, items: part } })).toEqual([
      'None of 2 b and 3 c came back, but 1 of 3 a and d did.',
    ]);
    expect(causesOf({ ...record, comparison: { ...record.comparison, items: items.slice(1, 3) } })).toEqual([]);
  });

  test('some came back: the last words of the restore are told, and no cause', () => {
    expect(causesOf(drill(1_024, 49, [], 'Are you sure? [y/N]\nRestore aborted by user.\n'))).toEqual([
      'The last thing that the restore said: "Restore aborted by user.".',
    ]);
    expect(causesOf(drill(1_024, 49, [], ''))).toEqual([]);
  });

  test('all came back: nothing is told, whatever the restore said', () => {
    expect(causesOf(drill(1_024, 50, ['WARNING: stream ORDERS_d1 was there']))).toEqual([]);
  });

  test('markers from before the capture are missing: the last words of the restore are told', () => {
    const record = { ...drill(9_000, 50), markers: [{ ...losingLane, lostBeforeCapture: 1 }] };
    expect(causesOf(record)).toEqual([LAST_WORDS]);
  });

  test('no restore was recorded: nothing is told of it', () => {
    expect(causesOf({ ...drill(9_000, 49, ['ORDERS_d1']), restore: null })).toEqual([]);
    expect(causesOf({ ...drill(9_000, 49), comparison: null })).toEqual([]);
    expect(causesOf({ ...drill(9_000, 0), recoveryPoint: null, restore: null })).toEqual([]);
    expect(causesOf({ ...drill(9_000, 0), seeded: null, restore: null })).toEqual([]);
  });
});

describe('N23: what a backup leaves out by its own definition', () => {
  const NOISE = 'could not restore, ConfigMap:kube-root-ca.crt already exists.';
  const excluded = {
    kind: 'Secret',
    because: 'spec.template.excludedResources: [secrets] of Schedule nightly in velero',
  };
  const secretLost = (leftOut: { kind: string; name?: string; because: string }[]) => {
    const record = drill(1_024, 50, [NOISE]);
    return {
      ...record,
      recoveryPoint: { ...record.recoveryPoint, leftOut },
      comparison: {
        items: [counts('Secret', 1, 0), counts('ConfigMap', 3, 3)],
        firstDifferences: [{ item: 'Secret payment', field: '(whole object)', expected: 'there', observed: 'absent' }],
        notVerified: [],
      },
    };
  };

  test('is named with its field, and no warning that has nothing to do with it', () => {
    expect(causesOf(secretLost([excluded]))).toEqual([
      'The backup leaves out every Secret: spec.template.excludedResources: [secrets] of Schedule nightly in velero.',
    ]);
    expect(judgeContent(secretLost([excluded]))).toMatchObject({ verdict: 'breached', cause: 'left-out-by-filter' });
  });

  test('is not the cause of what it does not explain, and other reasons stay', () => {
    const record = secretLost([excluded]);
    const more = {
      ...record,
      comparison: { ...record.comparison, items: [counts('Secret', 1, 0), counts('ConfigMap', 3, 1)] },
    };
    expect(judgeContent(more)).toMatchObject({ verdict: 'breached', cause: 'content-missing' });
    expect(causesOf(more).length).toBeGreaterThan(1);
  });

  test('is named where it is one object by its label', () => {
    const because = 'its label velero.io/exclude-from-backup: "true"';
    expect(causesOf(secretLost([{ kind: 'Secret', name: 'payment', because }]))[0]).toContain(
      `Secret payment: ${because}`,
    );
  });

  test('is not there: then no warning about kube-root-ca.crt is a cause either', () => {
    expect(causesOf(secretLost([])).join(' ')).not.toMatch(/kube-root-ca|reported this itself/);
  });

  test('is no cause of the loss of something else', () => {
    const other = { kind: 'Ingress.networking.k8s.io', because: 'spec.template.excludedResources: [ingresses]' };
    expect(judgeContent(secretLost([other, { ...excluded, name: 'another' }]))).toMatchObject({
      cause: 'content-missing',
    });
  });
});
