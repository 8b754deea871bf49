import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { attachTarget } from './attach-target.ts';
import { shapes } from './testing/campaign/shapes.ts';
import { outcomeOf, Stage } from './testing/campaign/stage.ts';

// Sixty realistic shapes. None may be a false alarm. `DR_CONTRACTS_SEED` draws others.
const seed = Number(process.env['DR_CONTRACTS_SEED'] ?? 20_261_128);
const { handle, facts } = inject('drContracts');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(attachTarget(handle, { clock: systemClock }), facts);
});
afterAll(async () => await stage[Symbol.asyncDispose]());

it('there are sixty of them', () => expect(shapes(seed).length).toBeGreaterThanOrEqual(60));

it.each(shapes(seed))('$name is met', async ({ stage: prepare }) => {
  const record = await stage.drill(await prepare(stage));
  expect(record.judgement?.verdict, outcomeOf(record)).toBe('met');
});
