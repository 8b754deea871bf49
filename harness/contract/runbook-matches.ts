import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { comparisonOf } from '../model/comparison.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { PostureCheck } from '../model/posture.ts';

export interface RunbookMatchesOptions {
  /** The committed runbook, relative to the project's folder. */
  readonly runbook: string;
}

/**
 * Checks that the runbook agrees with every contract, and that its restore steps are those of the last passing drill. Without records of
 * drills, digests in the runbook show whether it was written from a drill of this very contract and is unchanged.
 */
export function runbookMatches({ runbook }: RunbookMatchesOptions): PostureCheck {
  if (typeof runbook !== 'string' || runbook === '') {
    throw new ExplainedError({
      thing: 'runbookMatches({ … }): runbook',
      expected: 'the path of the runbook',
      observed: runbook === '' ? 'it is empty' : `it is ${typeof runbook}`,
      nextStep: "Name it in the contract, e.g. runbook: 'docs/runbook.md'.",
    });
  }
  return {
    name: 'runbook-matches',
    promise: `${runbook} tells people to restore as the drills do`,
    needs: [],
    about: [{ kind: 'runbook', name: runbook }],
    readsContracts: true,
    async observe({ project }) {
      // Loaded with the first of these checks, not with every contract.
      const [{ compareRunbook }, { readDrillRecords }, { runbookContract }] = await Promise.all([
        import('../reporting/runbook/comparison.ts'),
        import('../reporting/record-files.ts'),
        import('./runbook-contracts.ts'),
      ]);
      const contracts = (await project.drilledContracts()).map(runbookContract);
      const records = await readDrillRecords(project.outDir);
      return comparisonOf({
        of: 'runbook sections',
        ...compareRunbook(await textOf(resolve(project.folder, runbook), runbook), { contracts, records }),
      });
    },
  };
}

/** Returns the text; empty where there is no file: every section is missing then. */
async function textOf(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new ExplainedError(
      {
        thing: `runbook ${shown}`,
        expected: 'a readable file',
        observed: summaryOf(error),
        nextStep: 'Correct the path in the contract, or the file.',
      },
      { cause: error },
    );
  }
}
