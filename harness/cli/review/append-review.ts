import type { LedgerEntry } from '../../evidence/entry.ts';
import { short } from '../../evidence/ledger/key-trust.ts';
import { type Appended, Ledger, type NewEntry } from '../../evidence/ledger/ledger.ts';
import { openLedgerStore } from '../../evidence/ledger/ledger-store.ts';
import { openSigner } from '../../evidence/ledger/signer.ts';
import { verifyLedger } from '../../evidence/ledger/verify-ledger.ts';
import { ExplainedError } from '../../model/errors.ts';
import { ledgerSettings, openProject } from '../../project/prepare-run.ts';
import type { CommandIo } from '../command-io.ts';

// A person's statement about runs is appended like any other entry, after the ledger was read and found unbroken.

export interface ReviewPlace {
  /** The configuration's ledger when left out. */
  readonly ledger?: string | undefined;
  /** A private key, relative to the current folder; when left out, `ledger.reviewKey` of the configuration, then `ledger.key`. */
  readonly signWith?: string | undefined;
}

export interface OpenReview extends Disposable {
  readonly at: string;
  /**
   * Checks the key without signing anything.
   * @returns the name of the signer.
   * @throws {ExplainedError} when there is no usable key, when there is none although the other entries have a signature, or when it was
   *   replaced.
   */
  checkKey(): Promise<string>;
  /** Appends an entry. @returns its place, and a sentence on its signer. */
  append(entry: NewEntry): Promise<{ readonly appended: Appended; readonly signedBy: string }>;
}

/**
 * Reads the whole ledger and opens it for one more entry.
 * @param follow called for each entry, the oldest first.
 * @throws {ExplainedError} for a ledger that is broken or empty, and when the entry would have no signature although the others have.
 */
export async function openReview(
  { ledger: place, signWith }: ReviewPlace,
  io: CommandIo,
  follow: (entry: LedgerEntry) => void,
): Promise<OpenReview> {
  const settings = ledgerSettings(await openProject(io.cwd, io.config));
  const store = await openLedgerStore(place ?? settings.at, place === undefined ? settings.folder : io.cwd);
  let isSigned = false;
  try {
    const nowUtc = io.clock.now().utc;
    const onEntry = (entry: LedgerEntry) => {
      isSigned ||= entry.keyId !== null && entry.body.kind === 'run-started';
      follow(entry);
    };
    const { verdict, faults } = await verifyLedger(store, { keys: [], anchors: [], nowUtc, onEntry }, io.signal);
    if (verdict === 'invalid' || verdict === 'empty') {
      throw new ExplainedError({
        thing: `ledger ${store.at}`,
        expected: 'an unbroken ledger with runs to review',
        observed: verdict === 'empty' ? 'it is empty' : (faults[0]?.sentence ?? 'it is not valid').replace(/\.$/, ''),
        nextStep: verdict === 'empty' ? 'Run `dr-contracts drill` first.' : 'Run `dr-contracts verify`.',
      });
    }
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
  const { environment, secrets } = io;
  const runner = settings.key;
  const openToSign = async () => {
    const source = signWith ?? settings.reviewKey ?? runner;
    const folder = signWith === undefined ? settings.folder : io.cwd;
    const signer = source === undefined ? undefined : await openSigner(source, { folder, environment, secrets });
    if (signer === undefined && isSigned) throw unsigned(store.at);
    const own = signWith === undefined && settings.reviewKey === undefined ? ', the key of the runs' : '';
    const signedBy = signer === undefined ? 'not signed' : `signed by key ${short(signer.keyId)}${own}`;
    return { ledger: new Ledger(store, signer, io.clock), signedBy };
  };
  return {
    at: store.at,
    checkKey: async () => {
      const { ledger, signedBy } = await openToSign();
      await ledger.requireKeyInForce(io.signal);
      return signedBy;
    },
    append: async (entry) => {
      const { ledger, signedBy } = await openToSign();
      const appended = await ledger.append(entry, {}, io.signal);
      if (appended === undefined) throw new Error('nothing was appended');
      return { appended, signedBy };
    },
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

const unsigned = (at: string): ExplainedError =>
  new ExplainedError({
    thing: `entry for the ledger ${at}`,
    expected: 'a key that signs it, as the other entries are signed',
    observed: 'there is none',
    nextStep: 'Name yours: `--sign-with FILE`, or `ledger: { reviewKey: … }` in the configuration.',
  });
