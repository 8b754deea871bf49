import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { afterwards } from '../../base/afterwards.ts';
import { makeFolder } from '../../base/files.ts';
import { frameworksNamed } from '../../evidence/compliance/catalogue.ts';
import { PeriodCollector } from '../../evidence/compliance/collect-period.ts';
import { CountedEntries } from '../../evidence/compliance/counted-entries.ts';
import { csvLines } from '../../evidence/compliance/csv-lines.ts';
import { makeComplianceReport } from '../../evidence/compliance/make-report.ts';
import { happenedAt, isUpTo, type Period, PeriodResults } from '../../evidence/compliance/period-results.ts';
import { renderComplianceHtml } from '../../evidence/compliance/render-compliance.ts';
import type { ComplianceReport } from '../../evidence/compliance/report-schema.ts';
import type { LedgerEntry } from '../../evidence/entry.ts';
import { renderOscal } from '../../evidence/exports/oscal.ts';
import { listedOnce, readFiles, readLedger } from '../../evidence/ledger/ledger-store.ts';
import type { PublicKey } from '../../evidence/ledger/public-key.ts';
import type { LedgerStore } from '../../evidence/ledger/store.ts';
import { type LedgerVerification, type VerifyOptions, verifyEntries } from '../../evidence/ledger/verify-ledger.ts';
import { ExplainedError, namedByCaller, UsageError } from '../../model/errors.ts';
import { runCommand } from '../../process/run.ts';
import { openProject } from '../../project/prepare-run.ts';
import { requireReplaceable, writeAtomically } from '../../reporting/replaceable-file.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { Environment } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import { shownPlace } from '../shown-place.ts';
import { openLedger, readKeys, requireUnbroken } from '../verify-command.ts';
import type { ComplianceFormat, ComplianceOptions } from './compliance-options.ts';

/**
 * Writes the report of a period, from the ledger alone. Reads the ledger one entry at a time, and twice for CSV: the first line is written
 * only after the whole ledger was verified.
 * @throws {ExplainedError} when the ledger cannot be read or has no entry of the period, when the format cannot say that the ledger is
 *   invalid, or when the report cannot be written.
 */
export async function runCompliance(options: ComplianceOptions, io: CommandIo): Promise<0> {
  const period = periodOf(options, io);
  const { ledger, out } = options;
  const project = ledger === undefined || out === undefined ? await openProject(io.cwd, io.config) : undefined;
  using store = await openLedger(ledger, io, project);
  const path = await placeOf(options, period, store, project?.outDir ?? io.cwd, io);
  await write(await contentOf({ options, period, store, io }), path, io);
  if (path !== undefined) io.stdout.write(`${relative(io.cwd, path)}\n`);
  return 0;
}

/** Inputs of a report. */
interface Making {
  readonly options: ComplianceOptions;
  readonly period: Period;
  readonly store: LedgerStore;
  readonly io: CommandIo;
}

/** Reads only those parts of the ledger that the format shows. */
async function contentOf(making: Making): Promise<string | Buffer | AsyncIterable<string>> {
  const { options, period, store, io } = making;
  if (options.format === 'csv') {
    // Entries that are appended meanwhile were not verified.
    const listed = { ...making, store: listedOnce(store) };
    await verified(listed, () => undefined);
    return csvLines(readLedger(listed.store, io.signal), period);
  }
  if (options.format === 'oscal') {
    const results = new PeriodResults(period);
    await verified(making, (entry) => results.add(entry));
    const { run, groups } = results.result();
    const [from, to] = [new Date(period.fromMs).toISOString(), new Date(period.toMs).toISOString()];
    return renderOscal(run, groups, `period ${from} to ${to}`);
  }
  const report = await reportOf(making);
  if (options.format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  const page = await renderComplianceHtml(report);
  return options.format === 'pdf' ? await printPdf(page, new Date(report.madeAt), io.environment, io.signal) : page;
}

function periodOf({ from, to }: ComplianceOptions, io: CommandIo): Period {
  const end = to ?? new Date(io.clock.now().utc);
  if (from.getTime() <= end.getTime()) return { fromMs: from.getTime(), toMs: end.getTime() };
  throw new UsageError({
    thing: 'the period of the report',
    expected: '--from before --to',
    observed: `it begins at ${from.toISOString()} and ends at ${end.toISOString()}`,
    nextStep: 'Correct the days; both are read as UTC.',
  });
}

const ENDINGS: Readonly<Record<ComplianceFormat, string>> = {
  html: 'html',
  pdf: 'pdf',
  json: 'json',
  csv: 'csv',
  oscal: 'oscal.json',
};

/** Returns the place of the report; undefined for standard output. */
async function placeOf(
  { out, format, force = false }: ComplianceOptions,
  { fromMs, toMs }: Period,
  store: LedgerStore,
  outDir: string,
  io: CommandIo,
): Promise<string | undefined> {
  if (out === '-') {
    if (format !== 'pdf') return undefined;
    throw new ExplainedError({
      thing: '--format pdf',
      expected: 'a file for --out',
      observed: 'standard output',
      nextStep: 'Name a file.',
    });
  }
  if (out !== undefined) {
    await namedByCaller(() => requireReplaceable(resolve(io.cwd, out), { force, ledger: store.at }));
  }
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const path =
    out === undefined
      ? join(outDir, `compliance-${day(fromMs)}--${day(toMs)}.${ENDINGS[format]}`)
      : resolve(io.cwd, out);
  await explaining(`report ${path}`, () => makeFolder(dirname(path)));
  return path;
}

/** Refuses a period without entries: its report would look like a period without a breach. */
function requireEntries(
  entries: number,
  { at }: LedgerStore,
  { entries: all, from }: LedgerVerification,
  { toMs }: Period,
) {
  if (entries > 0) return;
  throw new ExplainedError({
    thing: `ledger ${at}`,
    expected: `entries up to ${new Date(toMs).toISOString()}`,
    observed:
      all === 0 ? 'it is empty' : from === null ? 'its first entry has no date' : `its first entry is dated ${from}`,
    nextStep: 'Correct --to, or name the ledger with --ledger.',
  });
}

/** Verifies the ledger and collects its entries of the period in one pass. */
async function reportOf(making: Making): Promise<ComplianceReport> {
  const { options, period, store, io } = making;
  const collector = new PeriodCollector(period);
  const { verification, keys, reviewerKeys, madeAt } = await verified(making, (entry) => collector.add(entry));
  const idsOf = (of: readonly PublicKey[]) => of.map(({ keyId }) => keyId);
  return makeComplianceReport({
    collected: collector.result(),
    period,
    madeAt,
    frameworks: frameworksNamed(options.controls),
    ledger: {
      at: shownPlace(store.at, io.cwd),
      verification,
      givenKeys: idsOf(keys),
      givenReviewerKeys: idsOf(reviewerKeys),
    },
  });
}

interface Verified {
  readonly verification: LedgerVerification;
  readonly keys: readonly PublicKey[];
  readonly reviewerKeys: readonly PublicKey[];
  readonly madeAt: string;
}

/**
 * Verifies the whole ledger.
 * @param follow called for each entry that is evidence, the oldest first.
 * @throws {ExplainedError} for a ledger without entries up to the end of the period, and for an invalid one where the format cannot say so.
 */
async function verified(
  { options, period, store, io }: Making,
  follow: (entry: LedgerEntry) => void,
): Promise<Verified> {
  const keys = await readKeys(options.keys, io);
  const reviewerKeys = await readKeys(options.reviewerKeys ?? [], io);
  const counted = new CountedEntries();
  let entries = 0;
  const onEntry: NonNullable<VerifyOptions['onEntry']> = (entry, trust) => {
    // An entry of an unknown writer is no evidence, and neither is a copy.
    if (trust === 'bad' || !counted.counts(entry)) return;
    if (isUpTo(period, happenedAt(entry.body))) entries += 1;
    follow(entry);
  };
  const madeAt = io.clock.now().utc;
  const dueUtc = new Date(Math.min(period.toMs, Date.parse(madeAt))).toISOString();
  const verification = await verifyEntries(counted.following(readFiles(store, io.signal)), {
    keys,
    reviewerKeys,
    anchors: [],
    nowUtc: madeAt,
    dueUtc,
    onEntry,
  });
  requireUnbroken(store.at, verification, options.format);
  requireEntries(entries, store, verification, period);
  return { verification, keys, reviewerKeys, madeAt };
}

async function write(
  content: string | Buffer | AsyncIterable<string>,
  path: string | undefined,
  io: CommandIo,
): Promise<void> {
  if (path !== undefined) await explaining(`report ${path}`, () => writeAtomically(path, content, io.signal));
  else if (typeof content === 'string' || Buffer.isBuffer(content)) io.stdout.write(content);
  else await pipeline(Readable.from(content), io.stdout, { end: false });
}

/** Chromium and browsers based on it; only these take the same options. */
const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
];
/** A report of 200 contracts takes some seconds. */
const PRINT_BUDGET_MS = 120_000;

/**
 * Prints a page by a headless browser of this machine.
 * @param madeAt the date in the file, so that the same report gives the same file.
 * @throws {ExplainedError} when there is no such browser, or it does not print.
 */
export async function printPdf(
  page: string,
  madeAt: Date,
  environment: Environment,
  signal: AbortSignal,
): Promise<Buffer> {
  const browser = await findBrowser(environment);
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-pdf-'));
  await using _removal = afterwards(() => rm(folder, { recursive: true, force: true }));
  const [source, printed] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
  await writeFile(source, page);
  await runCommand(
    {
      name: `${browser} --print-to-pdf`,
      file: browser,
      args: [
        '--headless',
        // It loads one file of this program and nothing from a network. As root, and in containers, it has no sandbox of its own.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--no-pdf-header-footer',
        '--generate-pdf-document-outline',
        `--print-to-pdf=${printed}`,
        pathToFileURL(source).href,
      ],
      nextStep: 'Write the report with --format html, and print it in a browser.',
    },
    AbortSignal.any([signal, AbortSignal.timeout(PRINT_BUDGET_MS)]),
  );
  return withDate(await readFile(printed), madeAt);
}

async function findBrowser(environment: Environment): Promise<string> {
  const named = environment.CHROMIUM ?? '';
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = named === '' ? folders.flatMap((folder) => BROWSERS.map((name) => join(folder, name))) : [named];
  for (const candidate of candidates) if (await isProgram(candidate)) return candidate;
  throw new ExplainedError({
    thing: named === '' ? 'a headless browser' : `the browser ${named} (CHROMIUM)`,
    expected: 'Chromium, Chrome or Edge, to print the PDF',
    observed: named === '' ? `PATH has none of ${BROWSERS.join(', ')}` : 'there is no such program',
    nextStep: 'Install one, name it in CHROMIUM, or write --format html and print it in a browser.',
  });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason, it cannot be run from that path.
    return false;
  }
}

/** Sets both dates of a PDF. Two files of the same page differ in these dates alone, and their length is fixed. */
function withDate(pdf: Buffer, at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const text = pdf.toString('latin1');
  return Buffer.from(
    text.replaceAll(/(\/(?:CreationDate|ModDate) ?\(D:)\d{14}/g, (_, name: string) => `${name}${digits}`),
    'latin1',
  );
}
