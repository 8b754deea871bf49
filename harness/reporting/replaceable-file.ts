import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import { explaining, unlessMissing } from './system-error.ts';

/** Marks a page of this program; the name is from https://html.spec.whatwg.org/multipage/semantics.html#meta-generator. */
export const GENERATOR_META = '<meta name="generator" content="dr-contracts">';

/** Number of first bytes that contain every mark. */
const HEAD_BYTES = 4_096;

/** Beginnings of this program's reports and exports. Run records, contracts and ledger entries begin differently. */
const OWN_HEADS: readonly RegExp[] = [
  new RegExp(`^<!DOCTYPE html>[\\s\\S]*${GENERATOR_META}`),
  // A compliance report that a browser printed.
  /^%PDF-[\s\S]*\/Title \(Disaster recovery, /,
  // The compliance report, then the export, as JSON.
  /^\{\s*"schemaVersion": \d+,\s*"madeAt": "[^"]+",\s*"period": \{/,
  /^\{"schemaVersion":\d+,"run":\{"runId":/,
  /^\{\s*"assessment-results": \{\s*"uuid": "[^"]+",\s*"metadata": \{\s*"title": "Disaster recovery drills, /,
  /^\{\s*"reportFormat": "CTRF",[\s\S]*"generatedBy": "dr-contracts"/,
  /^\{"resourceSpans":\[\{"resource":\{"attributes":\[\{"key":"service\.name","value":\{"stringValue":"dr-contracts"\}/,
  /^\{"_type":"https:\/\/in-toto\.io\/Statement\/v1","predicate":\{"configuration":\[\{"digest":\{"sha256":"\w+"\},"name":"contract /,
  /^<\?xml [^>]*>\s*<testsuites name="dr-contracts(?: gate)?"/,
  // The gate's decision as JSON.
  /^\{\s*"schemaVersion": \d+,\s*"decision": "(?:pass|block)",/,
  // GitLab's report; without a finding it is an empty list.
  /^\[\s*\]\s*$/,
  /^\[\s*\{\s*"type": "issue",\s*"check_name": "dr-contracts\//,
  // The gate's report for GitLab.
  /^\[\s*\{\s*"description": "(?:[^"\\]|\\.)*",\s*"check_name": "dr-contracts\//,
  /^entry,digest,key,at,run,drill,contract,/,
  /^name,contract,disaster,finding,verdict,outcome,/,
  /^(?:<!-- dr-contracts: drill results -->\n)?## Disaster recovery: [^\n]*\n\n\| Promise \| Verdict \| RTA of RTO \|/,
  /^# (?:HELP|TYPE) dr_contract/,
];

interface Replacing {
  /** Option that names the path; by default `--out`. */
  readonly option?: string;
  /** True if the user wants to replace a file of another program. */
  readonly force: boolean;
  /** Folder of the ledger, or its address in a bucket. */
  readonly ledger: string;
}

/**
 * Checks that a report may be written to a path from the user: the path is free, or has an empty file or an earlier report of this program.
 * @param path absolute.
 * @throws {ExplainedError} for another file without `force`, for anything but a file, and always inside the ledger's folder.
 */
export async function requireReplaceable(path: string, { option = '--out', force, ledger }: Replacing): Promise<void> {
  if (isAbsolute(ledger) && isInside(await realPathOf(path), await realPathOf(ledger))) {
    throw new ExplainedError({
      thing: `${option} ${path}`,
      expected: 'a file outside of the ledger',
      observed: `it is in the ledger ${ledger}`,
      nextStep: 'Name a file in another folder.',
    });
  }
  await explaining(`${option} ${path}`, async () => {
    const found = await unlessMissing(() => stat(path));
    if (found === undefined) return;
    if (!found.isFile()) throw refusal(option, path, 'it is not a file', 'Name a file.');
    if (force || found.size === 0 || (await isOwn(path))) return;
    const replace = option === '--out' ? 'replace this one with --force' : 'remove this one';
    throw refusal(option, path, 'it is something else', `Name another file, or ${replace}.`);
  });
}

const refusal = (option: string, path: string, observed: string, nextStep: string): ExplainedError =>
  new ExplainedError({
    thing: `${option} ${path}`,
    expected: 'a new file, or one that dr-contracts wrote as a report or an export',
    observed,
    nextStep,
  });

async function isOwn(path: string): Promise<boolean> {
  const pieces: Buffer[] = await Array.fromAsync(createReadStream(path, { end: HEAD_BYTES - 1 }));
  const head = Buffer.concat(pieces).toString('utf8');
  return OWN_HEADS.some((mark) => mark.test(head));
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Resolves every symbolic link, even if the end of the path does not exist yet. */
async function realPathOf(path: string): Promise<string> {
  const real = await unlessMissing(() => realpath(path));
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await realPathOf(dirname(path)), basename(path));
}

/**
 * Writes a complete file or nothing: it writes and syncs a temporary file beside the target, then renames it. A reader never sees half a
 * record, and a full disk leaves the old file in place. Pieces are written one by one, so a long text needs no more memory than a short
 * one.
 */
export async function writeAtomically(
  path: string,
  text: string | Uint8Array | AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // Not a file handle, because the one of Yarn's Plug'n'Play has no `sync`.
    await writeFile(temporary, text, { flag: 'wx', flush: true, signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
