import { writeAnchor } from '../evidence/ledger/anchor-places.ts';
import { verifyLedger } from '../evidence/ledger/verify-ledger.ts';
import { ExplainedError, namedByCaller } from '../model/errors.ts';
import type { CommandIo } from './command-io.ts';
import type { AnchorOptions } from './ledger-options.ts';
import { openLedger, readKeys } from './verify-command.ts';

/** Writes the head of the ledger to another place. A ledger that is broken is not anchored. */
export async function runAnchor(
  { ledger, keys: files, reviewerKeys: reviewers = [], to }: AnchorOptions,
  io: CommandIo,
): Promise<0> {
  const keys = await readKeys(files, io);
  const reviewerKeys = await readKeys(reviewers, io);
  using store = await openLedger(ledger, io);
  const at = io.clock.now().utc;
  const { verdict, head, faults } = await verifyLedger(
    store,
    { keys, reviewerKeys, anchors: [], nowUtc: at },
    io.signal,
  );
  if (verdict === 'invalid' || head === null) {
    throw new ExplainedError({
      thing: `ledger ${store.at}`,
      expected: 'an unbroken ledger to anchor',
      observed: head === null ? 'it is empty' : (faults[0]?.sentence ?? 'it is not valid').replace(/\.$/, ''),
      nextStep: head === null ? 'Run `dr-contracts drill` first.' : 'Run `dr-contracts verify` to see what is wrong.',
    });
  }
  const { sequence, digest } = head;
  const anchor = { anchorOf: 'dr-contracts ledger' as const, version: 1 as const, sequence, digest, at };
  const place = await namedByCaller(() => writeAnchor(to, anchor, io.cwd, io.signal));
  io.stdout.write(
    `anchored entry ${sequence} (${digest}) in ${place}\nVerify: npx dr-contracts verify --anchor '${place}'\n`,
  );
  return 0;
}
