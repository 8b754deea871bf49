import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PlacedAnchor } from '../evidence/ledger/anchor.ts';
import { readAnchor, writeAnchor } from '../evidence/ledger/anchor-places.ts';
import { type FaultName, MOST_FAULTS_OF_A_KIND } from '../evidence/ledger/fault.ts';
import { short } from '../evidence/ledger/key-trust.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { type PublicKey, parsePublicKey } from '../evidence/ledger/public-key.ts';
import type { LedgerStore } from '../evidence/ledger/store.ts';
import {
  type LedgerVerdict,
  type LedgerVerification,
  verdictSentence,
  verifyLedger,
} from '../evidence/ledger/verify-ledger.ts';
import { ExplainedError, namedByCaller, UsageError } from '../model/errors.ts';
import { counted } from '../model/text.ts';
import { ledgerSettings, openProject, type Project } from '../project/prepare-run.ts';
import { requireReplaceable } from '../reporting/replaceable-file.ts';
import { explaining, unlessMissing } from '../reporting/system-error.ts';
import { traitsOf } from '../reporting/terminal.ts';
import { inWords, linesWithoutControls, onOneLine, wrapWords } from '../reporting/text.ts';
import type { CommandIo } from './command-io.ts';
import type { AnchorOptions, VerifyLedgerOptions } from './ledger-options.ts';
import { shownPlace } from './shown-place.ts';

const EXIT_CODES: Readonly<Record<LedgerVerdict, 0 | 1 | 2>> = {
  valid: 0,
  invalid: 1,
  unsigned: 2,
  'not pinned': 2,
  incomplete: 2,
  empty: 2,
};

/** Verifies the ledger. 0: valid. 1: tampered with. 2: no tampering found, but not proved either. */
export async function runVerify(options: VerifyLedgerOptions, io: CommandIo): Promise<0 | 1 | 2> {
  const keys = await readKeys(options.keys, io);
  const reviewerKeys = await readKeys(options.reviewerKeys ?? [], io);
  const anchors: PlacedAnchor[] = [];
  for (const place of options.anchors) anchors.push(await namedByCaller(() => readAnchor(place, io.cwd, io.signal)));
  using store = await openLedger(options.ledger, io);
  const verification = await verifyLedger(
    store,
    { keys, reviewerKeys, anchors, nowUtc: io.clock.now().utc, dueUtc: options.at },
    io.signal,
  );
  if (options.json) io.stdout.write(`${JSON.stringify({ ledger: store.at, ...verification }, undefined, 2)}\n`);
  else
    io.stdout.write(
      renderVerification(verification, {
        at: shownPlace(store.at, io.cwd),
        keys,
        reviewerKeys,
        anchors,
        columns: traitsOf(io.stdout, io.environment).columns,
      }),
    );
  return EXIT_CODES[verification.verdict];
}

/**
 * Opens the ledger that the command line names, relative to the current folder, or that of the configuration.
 * @param project the project, where it was opened already.
 * @throws {ExplainedError} when the command line names a missing folder. The first run creates that of the configuration.
 */
export async function openLedger(at: string | undefined, io: CommandIo, project?: Project): Promise<LedgerStore> {
  if (at !== undefined) {
    await requireNamedLedger(at, io.cwd);
    return await openLedgerStore(at, io.cwd);
  }
  const settings = ledgerSettings(project ?? (await openProject(io.cwd, io.config)));
  return await openLedgerStore(settings.at, settings.folder);
}

/**
 * @param out a file, relative to the current folder.
 * @throws {ExplainedError} when no report may replace `out`: it belongs to another program, without `force`, or it is in the ledger.
 */
export async function requireOwnOut(
  out: string,
  { ledger, force = false }: { readonly ledger?: string | undefined; readonly force?: boolean | undefined },
  io: CommandIo,
): Promise<void> {
  using store = await openLedger(ledger, io);
  const ledgerAt = store.at;
  await namedByCaller(() => requireReplaceable(resolve(io.cwd, out), { force, ledger: ledgerAt }));
}

/** Refuses a missing folder, because a mistyped one must not look like a ledger without entries. */
export async function requireNamedLedger(at: string, cwd: string): Promise<void> {
  if (at.startsWith('s3:')) return;
  const folder = resolve(cwd, at);
  const found = await explaining(`ledger ${folder}`, () => unlessMissing(() => stat(folder)));
  if (found?.isDirectory() === true) return;
  throw new UsageError({
    thing: `ledger ${folder}`,
    expected: 'a folder',
    observed: found === undefined ? 'there is no such folder' : 'it is not a folder',
    nextStep: 'Correct --ledger, or leave it out to read the ledger of the configuration.',
  });
}

export async function readKeys(files: readonly string[], io: CommandIo): Promise<readonly PublicKey[]> {
  const read = async (file: string) => {
    const thing = `public key ${file}`;
    return parsePublicKey(await explaining(thing, () => readFile(resolve(io.cwd, file), 'utf8')), thing);
  };
  return await Promise.all(files.map((file) => namedByCaller(() => read(file))));
}

interface Shown {
  readonly at: string;
  readonly keys: readonly PublicKey[];
  readonly reviewerKeys?: readonly PublicKey[];
  readonly anchors: readonly PlacedAnchor[];
  readonly columns: number;
}

/** Renders what was verified, the verdict, the problems, and what was not checked. */
function renderVerification(
  verification: LedgerVerification,
  { at, keys, reviewerKeys = [], anchors, columns }: Shown,
): string {
  const { verdict, entries, runs, from, to, head, faults, faultCounts, notes, signedBy, unsigned } = verification;
  const range = from === null || to === null ? '' : `, ${minute(from)} to ${minute(to)} UTC`;
  const lines = [
    `ledger ${at}: ${counted(entries, 'entry', 'entries')}, ${counted(runs, 'run', 'runs')}${range}`,
    ...(head === null ? [] : [`head ${head.sequence} ${head.digest}`]),
    '',
    verdictSentence(verification),
    ...faults.map(({ name, sentence }) => `  ${wrapWords(`${name}: ${sentence}`, columns - 2, '      ')}`),
    ...more(faultCounts),
    ...notes.map(({ sentence }) => `  ${wrapWords(`note: ${sentence}`, columns - 2, '      ')}`),
    '',
    ...Object.entries(signedBy).map(
      ([keyId, count]) =>
        `${keys.length === 0 && !isAmong(keyId, reviewerKeys) ? 'not checked' : 'verified'}: ${isAmong(keyId, reviewerKeys) ? "the reviewer's key" : 'key'} ${onOneLine(short(keyId))} signed ${counted(count, 'entry', 'entries')}`,
    ),
    ...(unsigned > 0 && verdict !== 'unsigned' && Object.keys(signedBy).length > 0
      ? [`unsigned: ${unsignedText(verification)}; unchanged since the next signed one was written`]
      : []),
    ...(anchors.length === 0 && verdict !== 'empty'
      ? ['not checked: whether the end was cut off; an anchor shows it (`dr-contracts anchor`, then --anchor)']
      : anchors.map(
          ({ place, sequence, at: when }) => `anchor: ${place} holds entry ${sequence} since ${minute(when)} UTC`,
        )),
  ];
  return `${linesWithoutControls(lines.join('\n'))
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

const isAmong = (keyId: string, keys: readonly PublicKey[]): boolean => keys.some((key) => key.keyId === keyId);

/** Returns the entries without a signature: `entries 1 to 3 and 5`. */
function unsignedText({ unsigned, unsignedEntries }: LedgerVerification): string {
  const shown = unsignedEntries.map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`));
  const left = unsigned - unsignedEntries.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return `${unsigned === 1 ? 'entry' : 'entries'} ${inWords([...shown, ...(left > 0 ? [`${left} more`] : [])])}`;
}

const more = (counts: Readonly<Partial<Record<FaultName, number>>>): string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > MOST_FAULTS_OF_A_KIND)
    .map(([name, count]) => `  ${name}: and ${count - MOST_FAULTS_OF_A_KIND} more`);

const minute = (utc: string): string => utc.slice(0, 16).replace('T', ' ');

/** Writes the head of the ledger to another place. Does not anchor a broken ledger. */
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

/** Formats that cannot say that a ledger is invalid, as HTML, PDF and JSON can. An auditor takes them for evidence. */
const NEEDS_UNBROKEN_LEDGER: readonly string[] = ['oscal', 'csv'];

export const needsUnbrokenLedger = (format: string): boolean => NEEDS_UNBROKEN_LEDGER.includes(format);

/** @throws {ExplainedError} for an invalid ledger where the format cannot say so. */
export function requireUnbroken(
  at: string,
  { verdict, faults: [fault] }: Pick<LedgerVerification, 'verdict' | 'faults'>,
  format: string,
): void {
  if (verdict !== 'invalid' || !needsUnbrokenLedger(format)) return;
  throw new ExplainedError({
    thing: `ledger ${at}`,
    expected: `an unbroken ledger for --format ${format}`,
    observed: (fault?.sentence ?? 'it is invalid').replace(/\.$/, '').replace(/^The /, 'the '),
    nextStep: 'To see every fault, run `dr-contracts verify`.',
  });
}
