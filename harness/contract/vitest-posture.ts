import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { PostureContract, PostureRecord } from '../model/posture.ts';
import { runPosture } from '../posture/run-posture.ts';
import { attachTarget } from './attach-target.ts';
import { projectOfTests } from './vitest-project.ts';

/** The promise is not kept, or nobody can tell; the message is the check's sentence. */
export class PostureBrokenError extends Error {
  override readonly name = 'PostureBrokenError';
}

const SUITE_BUDGET_MS = 600_000;

/** Turns a posture contract into readable tests: one suite, one test a check. */
export function specifyPosture(contract: PostureContract): void {
  describe(contract.name, () => {
    let record: PostureRecord | undefined;

    beforeAll(async () => {
      const target = attachTarget(inject('drContracts').handle, { clock: systemClock });
      const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-posture-'));
      const signal = new AbortController().signal;
      try {
        record = await runPosture(contract, {
          target,
          project: await projectOfTests(),
          scratchDir,
          clock: systemClock,
          signal,
          progress: () => undefined,
        });
      } finally {
        await rm(scratchDir, { recursive: true, force: true });
      }
    }, SUITE_BUDGET_MS);

    for (const { name, promise } of contract.checks) {
      it(promise, () => {
        const check = record?.checks.find((each) => each.name === name);
        if (check?.verdict === 'met') return;
        throw new PostureBrokenError(`${check?.verdict ?? 'unproven'}: ${check?.sentence ?? 'it was not checked'}`);
      });
    }
  });
}
