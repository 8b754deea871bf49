import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { attachTarget } from './attach-target.ts';
import { brokenProcedures } from './testing/campaign/broken-procedures.ts';
import { shapes } from './testing/campaign/shapes.ts';
import { outcomeOf, Stage } from './testing/campaign/stage.ts';

// Ten of the campaigns, for each change; `npm run test:campaigns` drills all of them. `DR_CONTRACTS_SEED` selects others.
const seed = Number(process.env['DR_CONTRACTS_SEED'] ?? 20_261_128);
const { handle, facts } = inject('drContracts');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(attachTarget(handle, { clock: systemClock }), facts);
});
afterAll(async () => await stage[Symbol.asyncDispose]());

/** Returns five, one from each fifth of the list. Streams are half of both lists, so each system is among them. */
function fiveOf<T>(list: readonly T[]): readonly T[] {
  const length = list.length / 5;
  return Array.from({ length: 5 }, (_, fifth) => list[Math.floor(fifth * length) + (seed % Math.floor(length))]).filter(
    (each) => each !== undefined,
  );
}

it('there are ten of them', () =>
  expect([fiveOf(shapes(seed)).length, fiveOf(brokenProcedures).length]).toEqual([5, 5]));

it.each(fiveOf(shapes(seed)))('$name is met', async ({ stage: prepare }) => {
  const record = await stage.drill(await prepare(stage));
  expect(record.judgement?.verdict, outcomeOf(record)).toBe('met');
});

it.each(fiveOf(brokenProcedures))('$name is not met: $cause', async ({ cause, stage: prepare }) => {
  const record = await stage.drill(await prepare(stage));
  expect(record.judgement?.verdict, outcomeOf(record)).not.toBe('met');
  expect(record.judgement?.cause, outcomeOf(record)).toBe(cause);
});
