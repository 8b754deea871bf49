import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { frameworksNamed } from '../../evidence/compliance/catalogue.ts';
import { PeriodCollector } from '../../evidence/compliance/collect-period.ts';
import { CountedEntries } from '../../evidence/compliance/counted-entries.ts';
import { csvLines } from '../../evidence/compliance/csv-lines.ts';
import { makeComplianceReport } from '../../evidence/compliance/make-report.ts';
import { PeriodResults } from '../../evidence/compliance/period-results.ts';
import type { Period } from '../../evidence/compliance/promise-history.ts';
import { renderComplianceHtml } from '../../evidence/compliance/render-compliance.ts';
import type { ComplianceReport } from '../../evidence/compliance/report-schema.ts';
import type { LedgerEntry } from '../../evidence/entry.ts';
import { renderOscal } from '../../evidence/exports/oscal.ts';
import type { LedgerStore } from '../../evidence/ledger/ledger-store.ts';
import type { PublicKey } from '../../evidence/ledger/public-key.ts';
import { readFiles, readLedger } from '../../evidence/ledger/read-ledger.ts';
import { type LedgerVerification, type VerifyOptions, verifyEntries } from '../../evidence/ledger/verify-ledger.ts';
import { ExplainedError, UsageError } from '../../model/errors.ts';
import { openProject } from '../../project/prepare-run.ts';
import { writeAtomically } from '../../reporting/atomic-file.ts';
import { makeFolder } from '../../reporting/out-folder.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger, readKeys, requireOwnOut } from '../verify-command.ts';
import type { ComplianceFormat, ComplianceOptions } from './compliance-options.ts';
import { printPdf } from './print-pdf.ts';

/**
 * Writes the report of a period, from the ledger alone. It reads the ledger one entry at a time, for CSV twice: the first line is written
 * only when the whole ledger was verified.
 * @throws {ExplainedError} when the ledger cannot be read or holds nothing of the period, when the format cannot say that the ledger is
 * invalid, or when the report cannot be written.
 */
export async function runCompliance(options: ComplianceOptions, io: CommandIo): Promise<0> {
  const period = periodOf(options, io);
  const path = await placeOf(options, period, io);
  using store = await openLedger(options.ledger, io);
  if (options.format === 'csv') {
    let entries = 0;
    const { verification } = await verified(store, options, period, io, ({ body }) => {
      if (Date.parse(body.at) <= period.toMs) entries += 1;
    });
    requireEntries(entries, store, verification, period);
    await writeLines(csvLines(readLedger(store, io.signal), period), path, io);
  } else {
    await writeWhole(await contentOf(await read(store, options, period, io), options, io), path, io);
  }
  if (path !== undefined) io.stdout.write(`${relative(io.cwd, path)}\n`);
  return 0;
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

/** Undefined for standard output. */
async function placeOf(
  options: ComplianceOptions,
  { fromMs, toMs }: Period,
  io: CommandIo,
): Promise<string | undefined> {
  const { out, format } = options;
  if (out === '-') {
    if (format !== 'pdf') return undefined;
    throw new ExplainedError({
      thing: '--format pdf',
      expected: 'a file for --out',
      observed: 'standard output',
      nextStep: 'Name a file.',
    });
  }
  if (out !== undefined) await requireOwnOut(out, options, io);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const path =
    out === undefined
      ? join(
          (await openProject(io.cwd, io.config)).outDir,
          `compliance-${day(fromMs)}--${day(toMs)}.${ENDINGS[format]}`,
        )
      : resolve(io.cwd, out);
  await explaining(`report ${path}`, () => makeFolder(dirname(path)));
  return path;
}

interface ReadPeriod {
  readonly report: ComplianceReport;
  readonly results: PeriodResults;
}

/** A report on nothing looks like a period without a breach. */
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
    observed: all === 0 ? 'it is empty' : `its first entry is of ${from ?? 'no date'}`,
    nextStep: 'Correct --to, or name the ledger with --ledger.',
  });
}

/** Verifies the ledger and collects the period of it in one pass. */
async function read(
  store: LedgerStore,
  options: ComplianceOptions,
  period: Period,
  io: CommandIo,
): Promise<ReadPeriod> {
  const collector = new PeriodCollector(period);
  const results = new PeriodResults(period);
  const { verification, keys, madeAt } = await verified(store, options, period, io, (entry) => {
    collector.add(entry);
    results.add(entry);
  });
  const collected = collector.result();
  requireEntries(collected.entries, store, verification, period);
  const report = makeComplianceReport({
    collected,
    period,
    madeAt,
    frameworks: frameworksNamed(options.controls),
    ledger: { at: shownFrom(io.cwd, store.at), verification, givenKeys: keys.map(({ keyId }) => keyId) },
  });
  return { report, results };
}

interface Verified {
  readonly verification: LedgerVerification;
  readonly keys: readonly PublicKey[];
  readonly madeAt: string;
}

/** HTML, PDF and JSON say at their top that a ledger is invalid. These formats have no place for it. */
const NEEDS_UNBROKEN_LEDGER: readonly ComplianceFormat[] = ['oscal', 'csv'];

/**
 * Verifies the whole ledger.
 * @param count told of each entry that is evidence, the oldest first.
 * @throws {ExplainedError} for an invalid ledger, where the format cannot say so.
 */
async function verified(
  store: LedgerStore,
  options: ComplianceOptions,
  period: Period,
  io: CommandIo,
  count: (entry: LedgerEntry) => void,
): Promise<Verified> {
  const keys = await readKeys(options.keys, io);
  const reviewerKeys = await readKeys(options.reviewerKeys ?? [], io);
  const counted = new CountedEntries();
  const onEntry: NonNullable<VerifyOptions['onEntry']> = (entry, trust) => {
    // What a stranger wrote is no evidence, and neither is a copy.
    if (trust !== 'bad' && counted.counts(entry)) count(entry);
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
  if (verification.verdict !== 'invalid' || !NEEDS_UNBROKEN_LEDGER.includes(options.format)) {
    return { verification, keys, madeAt };
  }
  const [fault] = verification.faults;
  throw new ExplainedError({
    thing: `ledger ${store.at}`,
    expected: `an unbroken ledger for --format ${options.format}`,
    observed: (fault?.sentence ?? 'it is invalid').replace(/\.$/, '').replace(/^The /, 'the '),
    nextStep: 'To see every fault, run `dr-contracts verify`.',
  });
}

async function contentOf(
  { report, results }: ReadPeriod,
  { format }: ComplianceOptions,
  io: CommandIo,
): Promise<string | Buffer> {
  if (format === 'oscal') {
    const { run, groups } = results.result();
    return renderOscal(run, groups, `period ${report.period.from} to ${report.period.to}`);
  }
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  const page = await renderComplianceHtml(report);
  return format === 'pdf' ? await printPdf(page, new Date(report.madeAt), io.environment, io.signal) : page;
}

async function writeWhole(content: string | Buffer, path: string | undefined, io: CommandIo): Promise<void> {
  if (path === undefined) io.stdout.write(content);
  else await explaining(`report ${path}`, () => writeAtomically(path, content));
}

/** Line by line, so that a long ledger needs no more memory than a short one. A reader sees the whole file or none. */
async function writeLines(lines: AsyncIterable<string>, path: string | undefined, io: CommandIo): Promise<void> {
  const source = Readable.from(lines);
  if (path === undefined) {
    await pipeline(source, io.stdout, { end: false });
    return;
  }
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await explaining(`report ${path}`, async () => {
      await pipeline(source, createWriteStream(part, { flags: 'wx' }), { signal: io.signal });
      await rename(part, path);
    });
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function shownFrom(cwd: string, at: string): string {
  if (at.startsWith('s3:')) return at;
  const near = relative(cwd, at);
  return near.length < at.length ? near : at;
}
