import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFolderStore } from '../evidence/ledger/folder-store.ts';
import { never, testKey } from '../evidence/ledger/testing/made-up-ledger.ts';
import { verifyLedger } from '../evidence/ledger/verify-ledger.ts';
import { holds } from './figures.ts';
import { ledgerFigures } from './ledger.ts';
import { writeLongLedger } from './long-ledger.ts';

it('the ledger of the bench is an honest one of daily runs of twenty contracts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-long-'));
  try {
    const key = await testKey();
    const { entries, nowUtc, promises } = await writeLongLedger(join(folder, 'ledger'), 3, key.signer, never);
    expect([entries, promises.length]).toEqual([66, 20]);
    using store = openFolderStore(join(folder, 'ledger'));
    const options = { keys: [key.public], anchors: [], nowUtc };
    expect(await verifyLedger(store, options, never)).toMatchObject({ verdict: 'valid', entries: 66, runs: 3 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('memory that grows with the ledger is out of bounds, and its time is only reported', () => {
  const read = (runs: number, liveBytes: number, cpuMs: number) => {
    const taken = { cpuMs, peakBytes: liveBytes, liveBytes };
    return { runs, entries: runs * 22, bytes: runs, plain: taken, collected: taken };
  };
  const outcomes = (longer: number) =>
    ledgerFigures('verify', [read(100, 30e6, 1_000), read(1_000, longer, 90_000)]).map(holds);
  expect(outcomes(35e6)).toEqual([true, true, true]);
  expect(outcomes(60e6)).toEqual([true, false, true]);
});
