import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { madeUpDrill, madeUpJudgement } from '../../reporting/testing/made-up-records.ts';
import { exitCodeOf } from './demo-command.ts';
import { BACKUP_SCRIPT, demoFolder, REPAIRED_SCRIPT } from './demo-parts.ts';
import { changedLines } from './demo-story.ts';

const drilled = (verdict: 'met' | 'at-risk' | 'breached' | 'unproven') =>
  madeUpDrill({ judgement: madeUpJudgement({ verdict }) });

describe('the demo', () => {
  it.each([
    ['breached', 'met', 0],
    ['breached', 'breached', 1],
    ['breached', 'unproven', 2],
    ['breached', 'at-risk', 2],
    ['unproven', 'met', 2],
    ['met', 'met', 2],
  ] as const)('whose first job is %s and whose repaired one is %s exits %d', (one, other, expected) => {
    expect(exitCodeOf([drilled(one), drilled(other)])).toBe(expected);
  });

  it('repairs the job by changing one line', async () => {
    const [before = '', after = ''] = await Promise.all(
      [BACKUP_SCRIPT, REPAIRED_SCRIPT].map((file) => readFile(join(demoFolder, file), 'utf8')),
    );
    expect(after.split('\n')).toHaveLength(before.split('\n').length);
    expect(changedLines(before, after)).toHaveLength(1);
  });

  it.each([BACKUP_SCRIPT, REPAIRED_SCRIPT, 'ops/restore.mjs'])('%s can be executed', async (file) => {
    await access(join(demoFolder, file), constants.X_OK);
  });
});
