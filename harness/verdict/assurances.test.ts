import { describe, expect, it } from 'vitest';
import type { Assurance, DrillRecord } from '../model/record.ts';
import { judgeAssurances, judgeDestruction } from './assurances.ts';
import { judge } from './judge.ts';
import { metRecord } from './testing/met-records.ts';

const drilled = metRecord();
const assuring = (assurances: readonly Assurance[] | undefined): DrillRecord =>
  metRecord((record) => {
    record.disaster.assures = ['untouched'];
    if (assurances !== undefined) record.assurances = [...assurances];
    if (record.expected === undefined) return;
    record.expected.findings.splice(1, 0, 'untouched');
    record.expected.assurances = [{ promise: 'untouched', what: 'the living original' }];
  });
const original = (held: boolean, checked = 1): Assurance => ({
  promise: 'untouched',
  what: 'the living original',
  checked,
  failed: held ? 0 : 1,
  observed: [{ what: 'content', held, observed: held ? 'unchanged' : 'was a, is b' }],
});

describe('an assurance of the disaster', () => {
  it('is met when everything that was looked at held', () => {
    expect(judge(assuring([original(true)]))).toMatchObject({
      verdict: 'met',
      findings: expect.arrayContaining([expect.objectContaining({ name: 'untouched', verdict: 'met' })]),
    });
  });

  it('breaches the contract when one check failed, and its sentence is the sentence of the whole', () => {
    expect(judge(assuring([original(true), original(false)]))).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(/the living original: 1 of 1 check failed: content: was a, is b/),
    });
  });

  it.each([
    ['nothing was looked at', undefined],
    ['something else was looked at', [{ ...original(true), promise: 'acceptance' as const }]],
    ['zero things were checked', [original(true, 0)]],
    ['one of several looks checked zero things', [original(true), original(true, 0)]],
  ])('is unproven when %s', (_, assurances) => {
    expect(judge(assuring(assurances))).toMatchObject({ verdict: 'unproven' });
  });

  const judgedAs = (record: DrillRecord, name: string) =>
    judgeAssurances(record).find((finding) => finding.name === name);

  it('names the first three failed checks, and how many more there are', () => {
    const check = (what: string, held: boolean) => ({ what, held, observed: held ? 'same' : 'changed' });
    const worst: Assurance = {
      promise: 'untouched',
      what: 'the living original',
      checked: 7,
      failed: 5,
      observed: [check('a', false), check('b', true), check('c', false), check('d', false), check('e', false)],
    };
    expect(judgedAs(assuring([original(true), worst]), 'untouched')).toEqual({
      name: 'untouched',
      verdict: 'breached',
      cause: 'touched-neighbour',
      sentence:
        'The drill reached something that had to stay untouched. the living original: 5 of 7 checks failed: a: changed; c: changed; d: changed (and 2 more).',
    });
    expect(judgedAs(assuring([{ ...worst, failed: 3 }]), 'untouched')?.sentence).toMatch(/d: changed\.$/);
    const accepting = assuring([{ ...worst, promise: 'acceptance', failed: 4 }]);
    expect(judgedAs(accepting, 'acceptance')?.sentence).toMatch(
      /^The users of the asset do not accept what came back\. .* \(and 1 more\)\.$/,
    );
    expect(judgedAs(accepting, 'untouched')?.verdict).toBe('unproven');
  });

  it('says what was looked at, by how many checks', () => {
    const other = { ...original(true), what: 'the bystander', checked: 4 };
    expect(judgedAs(assuring([original(true), other]), 'untouched')).toEqual({
      name: 'untouched',
      verdict: 'met',
      sentence:
        'The drill reached nothing that had to stay untouched. the living original: 1 check; the bystander: 4 checks.',
    });
    const accepted = assuring([{ ...original(true), promise: 'acceptance' }]);
    expect(judgedAs(accepted, 'acceptance')?.sentence).toBe(
      'The users of the asset accept what came back. the living original: 1 check.',
    );
  });

  it('says what was not looked at', () => {
    expect(judgedAs(assuring(undefined), 'untouched')).toEqual({
      name: 'untouched',
      verdict: 'unproven',
      cause: 'not-looked-at',
      sentence: 'Nothing shows whether the drill reached something that had to stay untouched: nothing was checked.',
    });
    expect(judgedAs(assuring([original(true), original(true, 0)]), 'untouched')?.sentence).toBe(
      'Nothing shows whether the drill reached something that had to stay untouched: the living original: zero things were checked.',
    );
    const silent = { ...original(true, 0), promise: 'acceptance' as const };
    expect(judgedAs(assuring([original(true), silent]), 'acceptance')?.sentence).toMatch(
      /^Nothing shows that the users of the asset accept what came back: /,
    );
  });

  it('is judged even when the disaster did not announce it', () => {
    expect(judge({ ...drilled, assurances: [original(false)] }).verdict).toBe('breached');
  });

  it('is not judged where there is none', () => {
    expect(judge(drilled).findings.map(({ name }) => name)).not.toContain('untouched');
  });
});

const judged = (change: (record: DrillRecord) => void = () => undefined) => judgeDestruction(metRecord(change));

describe('destruction', () => {
  it('is met by reads that show the asset gone, and by new identities', () => {
    expect(judged()).toEqual({
      name: 'destruction',
      verdict: 'met',
      sentence: 'The disaster "wiped" was proved by 2 reads before the restore began, and 2 identities are new.',
    });
  });

  it.each<[string, (record: DrillRecord) => void, string, string]>([
    [
      'nothing was read',
      (record) => {
        record.absence = [];
      },
      'The drill did not check whether the asset was gone, so the restore proves nothing.',
      'destruction-not-proved',
    ],
    [
      'a read still shows it',
      (record) => {
        record.absence = record.absence.with(1, { what: 'read by a user', gone: false, observed: '7 values' });
      },
      'The asset was still there after the disaster "wiped" (read by a user: 7 values), so a restore would prove nothing. Check the step that destroys it.',
      'asset-not-destroyed',
    ],
    [
      'nothing is known by an identity',
      (record) => {
        record.provenance = [];
      },
      'Nothing shows whether the present content was restored or was never gone.',
      'destruction-not-proved',
    ],
    [
      'an identity is the old one',
      (record) => {
        record.provenance = record.provenance.with(1, { what: 'store id', before: 'A', after: 'A', isNew: false });
      },
      'store id is the same as before the disaster (A), so the drill may have read content that was never destroyed.',
      'identity-not-new',
    ],
  ])('is unproven where %s', (_, change, sentence, cause) => {
    expect(judged(change)).toEqual({ name: 'destruction', verdict: 'unproven', cause, sentence });
  });

  it('N02: is met by an identity that a documented recovery keeps, and says which', () => {
    const finding = judged((record) => {
      const kept = { what: 'version ids', before: 'A', after: 'A', isNew: false, keptBy: 'undeletion' };
      record.provenance = record.provenance.with(0, kept);
    });
    expect(finding.verdict).toBe('met');
    expect(finding.sentence).toContain('the others are kept by the recovery (undeletion)');
  });
});
