import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { jetstream, script } from '../index.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureContext } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import { renderRunbook } from '../reporting/runbook/runbook.ts';
import { madeUpPassing } from '../reporting/runbook/testing/made-up-contract.ts';
import { judgeCheck } from '../verdict/posture.ts';
import { defineContract } from './define.ts';
import { runbookContract } from './runbook-contracts.ts';
import { runbookMatches } from './runbook-matches.ts';

const promised = (changes: object = {}): Contract =>
  defineContract({
    name: 'orders',
    asset: jetstream({ streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 10 }] }),
    rto: '15m',
    rpo: '5m',
    priority: 'P1',
    owner: 'messaging',
    protectedBy: script({ backup: 'b.sh', restore: 'r.sh', schedule: { cron: '*/2 * * * *' }, prefix: 'nats/' }),
    survives: ['stream-deleted'],
    ...changes,
  });

/** Makes a project with a runbook that was written from a drill of its contract. */
async function project() {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-runbook-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const contract = runbookContract(promised());
  const [disaster] = contract.disasters;
  if (disaster === undefined) throw new Error('the made-up contract survives nothing');
  const drilled: DrillRecord = {
    ...madeUpPassing(),
    contract: contract.facts,
    disaster: { ...disaster, exercised: null },
  };
  const runbook = join(folder, 'runbook.md');
  await writeFile(runbook, renderRunbook({ contracts: [contract], records: [drilled] }));
  const outDir = join(folder, 'reports');
  const judged = async (contracts: readonly Contract[] = [promised()]) => {
    const check = runbookMatches({ runbook: 'runbook.md' });
    const place = { folder, outDir, contracts: async () => contracts, drilledContracts: async () => contracts };
    const observation = await check.observe({ project: place } as unknown as PostureContext);
    return judgeCheck({ promise: check.promise, observation, failure: null });
  };
  const keepRecord = async () => {
    await mkdir(join(outDir, 'runs/1/drills'), { recursive: true });
    await writeFile(join(outDir, 'runs/1/drills/one.json'), JSON.stringify(drilled));
  };
  return { runbook, judged, keepRecord };
}

it('a runbook that was committed is met without a record, and with the one that it was written from', async () => {
  const { judged, keepRecord } = await project();
  expect(await judged()).toMatchObject({ verdict: 'met', sentence: expect.stringContaining('no record of one') });
  await keepRecord();
  const { verdict, sentence } = await judged();
  expect(verdict).toBe('met');
  expect(sentence).not.toContain('not verified');
});

it('a runbook that somebody edited, that lacks a section, or that is gone is breached', async () => {
  const { judged, runbook } = await project();
  const text = await readFile(runbook, 'utf8');
  await writeFile(runbook, text.replace('Restore every stream', 'Restore some'));
  expect((await judged()).sentence).toMatch(/2 of 4 runbook sections are not as promised/);
  await writeFile(runbook, text.slice(0, text.indexOf('### orders: stream-deleted')));
  expect((await judged()).sentence).toMatch(/3 of 4 runbook sections are not as promised/);
  await rm(runbook);
  expect((await judged()).verdict).toBe('breached');
});

it('a contract that was changed since breaches it', async () => {
  const { judged } = await project();
  const { verdict, sentence } = await judged([promised({ rto: '1h' })]);
  expect(verdict).toBe('breached');
  expect(sentence).toMatch(/expected ".* 1 h \| messaging \|", found it says ".* 15 min /);
});

it('no runbook named is refused', () => {
  expect(() => runbookMatches({ runbook: '' })).toThrow(/runbookMatches\({ … }\): runbook: expected the path/);
});
