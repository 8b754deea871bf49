import { lastHalts } from '../evidence/history/last-halts.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { readLedger } from '../evidence/ledger/read-ledger.ts';
import { summaryOf } from '../model/errors.ts';
import { ledgerSettings, type Project } from '../project/prepare-run.ts';
import type { Check } from './doctor-check.ts';

/** What a person who asks for the state of this machine waits for. */
const READ_BUDGET_MS = 10_000;

/**
 * What halts the roll-out, by the last posture checks in the project's ledger. It keeps no drill from running, so that it is a note. Nothing is
 * listed where the project has no such check. A ledger in a bucket is not asked: that takes credentials, and the gate does it.
 */
export async function haltChecks(project: Project): Promise<readonly Check[]> {
  const { at, folder } = ledgerSettings(project);
  if (at.startsWith('s3:')) return [];
  const rollOut = { name: 'roll-out', wanted: 'not halted', from: at };
  try {
    using store = await openLedgerStore(at, folder);
    const { contracts, halts } = await lastHalts(
      readLedger(store, AbortSignal.timeout(READ_BUDGET_MS), 'newest first'),
    );
    if (contracts === 0) return [];
    if (halts.length === 0) return [{ ...rollOut, state: 'ok', found: 'not halted' }];
    return halts.map(({ contract, check, at: checkedAt }) => ({
      ...rollOut,
      name: `roll-out: ${check.halts}`,
      state: 'note',
      found: `halted by ${contract}/${check.name}`,
      problem: `${contract}/${check.name} was ${check.verdict} at ${checkedAt}, and halts the roll-out. Owner: ${check.owner}. ${check.sentence}`,
      fix: `${check.nextStep ?? ''} \`npx dr-contracts drill --posture --contract ${contract}\` checks it again.`.trim(),
    }));
  } catch (error) {
    return [{ ...rollOut, state: 'note', found: '-', problem: `the ledger could not be read: ${summaryOf(error)}` }];
  }
}
