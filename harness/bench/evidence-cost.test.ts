import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFolderStore } from '../evidence/ledger/folder-store.ts';
import { never, testKey } from '../evidence/ledger/testing/made-up-ledger.ts';
import { readHistory } from '../evidence/page/read-history.ts';
import { evidenceCostFigure, ownCpuMs } from './evidence-cost.ts';
import { holds } from './figures.ts';
import { writeLongLedger } from './long-ledger.ts';

it('the runs of the bench lie before a run of today, so that its page has a history to read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-cost-'));
  try {
    const { signer } = await testKey();
    const drills = [{ contract: 'orders', disaster: 'bucket-lost' }];
    await writeLongLedger(join(folder, 'ledger'), 3, signer, never, { drills, target: 'local' });
    using store = openFolderStore(join(folder, 'ledger'));
    const history = (most: number) => readHistory(store, '20261128T120000000Z-3fa9c1', never, most);
    expect((await history(9)).past.map(({ contract }) => contract.name)).toEqual(['orders', 'orders', 'orders']);
    expect([(await history(9)).ledger.isCut, (await history(8)).ledger.isCut]).toEqual([false, true]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('the processor time of a run that wrote none down is an error, and not the least of all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-cost-'));
  try {
    await writeFile(join(folder, 'cpu'), '');
    await expect(ownCpuMs(join(folder, 'cpu'))).rejects.toThrow('no process of the run wrote its processor time');
    await writeFile(join(folder, 'cpu'), '120.5\n22000\n');
    expect(await ownCpuMs(join(folder, 'cpu'))).toBe(22_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('more than a twentieth of the run without ledger and page is out of bounds', () => {
  const cost = { ledgerMs: 300, pageMs: 700, drills: 16, past: 300, isCut: false, isGated: true };
  const isHeld = (ownMs: number) => holds(evidenceCostFigure(cost, { runs: 21, ownMs }));
  expect([isHeld(21_001), isHeld(20_999)]).toEqual([true, false]);
});
