import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { attachTarget } from './attach-target.ts';
import { brokenProcedures } from './testing/campaign/broken-procedures.ts';
import { outcomeOf, Stage } from './testing/campaign/stage.ts';

// Thirty procedures, each broken in one way. None may be met, and each needs the right cause.
const { handle, facts } = inject('drContracts');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(attachTarget(handle, { clock: systemClock }), facts);
});
afterAll(async () => await stage[Symbol.asyncDispose]());

it('there are thirty of them', () => expect(brokenProcedures.length).toBeGreaterThanOrEqual(30));

it.each(brokenProcedures)('$name is not met: $cause', async ({ cause, stage: prepare }) => {
  const { judgement, ...record } = await stage.drill(await prepare(stage));
  const said = outcomeOf({ ...record, judgement });
  expect(judgement?.verdict, said).not.toBe('met');
  expect(judgement?.cause, said).toBe(cause);
});
