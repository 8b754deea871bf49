import { describe, expect, it } from 'vitest';
import { madeUpLedger, never } from '../ledger/testing/made-up-ledger.ts';
import { readHistory } from './read-history.ts';

describe('the history of a run', () => {
  it('is what the ledger holds of earlier runs, and nothing of later ones', async () => {
    const { store } = await madeUpLedger(4);
    const { past, ledger } = await readHistory(store, 'r3', never);
    expect(past.map(({ runId }) => runId)).toEqual(['r2', 'r1']);
    expect(ledger).toMatchObject({
      promised: [{ contract: 'nats-streams', owner: 'platform' }],
      entries: { first: 7, last: 9, count: 3, unsigned: 3, keyIds: [], drillIds: [expect.any(String)] },
      isCut: false,
      problem: null,
    });
  });

  it('ends after so many entries, and says that there are more', async () => {
    const { store } = await madeUpLedger(4);
    // The next entry would be the drill of the first run.
    expect(await readHistory(store, 'r4', never, 7)).toMatchObject({
      past: [{ runId: 'r3' }, { runId: 'r2' }],
      ledger: { isCut: true },
    });
    expect(await readHistory(store, 'r4', never, 9)).toMatchObject({ ledger: { isCut: false } });
  });

  it('ends at an entry that cannot be read, and says which', async () => {
    const { store } = await madeUpLedger(3);
    store.files.set('0000000003.intoto.jsonl', Buffer.from('{'));
    const { past, ledger } = await readHistory(store, 'r3', never);
    expect(past.map(({ runId }) => runId)).toEqual(['r2']);
    expect(ledger.problem).toContain('entry 0000000003.intoto.jsonl of the ledger memory');
    expect(ledger.entries).toMatchObject({ first: 7, last: 9 });
  });

  it('of a run that the ledger does not hold is empty', async () => {
    const { store } = await madeUpLedger(0);
    expect(await readHistory(store, 'r1', never)).toMatchObject({
      past: [],
      ledger: { promised: null, entries: null, isCut: false, problem: null },
    });
  });
});
