import { expect, test } from 'vitest';
import { comparisonOf } from '../model/comparison.ts';
import { judgeCheck } from './posture.ts';

const difference = { item: 'a', expected: 'b', found: 'c', nextStep: 'D.' };
const sentence = (differences: readonly (typeof difference)[], basis?: string) =>
  judgeCheck({
    promise: 'P',
    observation: comparisonOf({ of: 'requests', compared: 7, differences, basis }),
    failure: null,
  }).sentence;

test('the sentence says whether a verdict rests on evaluation or on trying', () => {
  expect(sentence([], 'evaluation')).toBe('P: 7 requests compared by evaluation, all as promised.');
  expect(sentence([], 'trying on X 1.2')).toBe('P: 7 requests compared by trying on X 1.2, all as promised.');
  expect(sentence([difference], 'trying on X 1.2')).toBe(
    'P: 1 of 7 requests is not as promised, found by trying on X 1.2: a: expected b, found c. D.',
  );
  expect(sentence([])).toBe('P: 7 requests compared, all as promised.');
});
