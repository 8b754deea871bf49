import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { PostureContract, PostureRecord } from '../model/posture.ts';
import { isKept } from '../model/verdict-names.ts';
import { runPosture } from '../posture/run-posture.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import { withHalt } from '../reporting/halts-text.ts';
import { attachTarget } from './attach-target.ts';
import { nameIn } from './collect.ts';
import { definePosture, type PostureDefinition } from './define-posture.ts';
import { checkPosture } from './load.ts';
import { currentFile, definedInTests, projectOfTests, provided, scratchFolder } from './vitest-project.ts';
import { failing, isLeftOut } from './vitest-spec.ts';

/** The promise is broken or unproven. The message is the check's sentence. */
export class PostureBrokenError extends Error {
  override readonly name = 'PostureBrokenError';
}

const SUITE_BUDGET_MS = 600_000;

/** Turns what an author wrote into readable tests: one suite, one test a check. */
export function specifyPosture(definition: PostureDefinition): void {
  provided();
  let contract: PostureContract;
  try {
    contract = definePosture(definition, currentFile());
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    failing(nameIn(definition) ?? 'a posture', 'is well formed', error);
    return;
  }
  if (isLeftOut(contract)) return;
  describe(contract.name, () => {
    let record: PostureRecord | undefined;
    let checking: Promise<PostureRecord> | undefined;
    const suite = new AbortController();

    beforeAll(async () => {
      await checkPosture(contract);
      const { postures } = await definedInTests({
        contracts: await projectOfTests().contracts(),
        postures: [contract],
      });
      checking = runPosture(postures[0] ?? contract, {
        target: attachTarget(provided().handle, { clock: systemClock }),
        project: projectOfTests(),
        scratchDir: scratchFolder(),
        clock: systemClock,
        signal: suite.signal,
        progress: () => undefined,
      });
      record = await checking;
    }, SUITE_BUDGET_MS);

    // Checks that outlive their suite are told to end before the target goes.
    afterAll(async () => {
      suite.abort(new Error('its tests have ended'));
      await Promise.allSettled([checking]);
    });

    for (const { name, promise } of contract.checks) {
      it(promise, () => {
        const check = record?.checks.find((each) => each.name === name);
        if (check !== undefined && isKept(check.verdict)) return;
        const said = check === undefined ? 'it was not checked' : withHalt(check.sentence, check);
        throw new PostureBrokenError(`${check?.verdict ?? 'unproven'}: ${said}`);
      });
    }
  });
}
