import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ExplainedError, isExplained, summaryOf } from '../model/errors.ts';
import type { BackupMachine } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';
import type { ProgramRun } from '../process/program.ts';
import { HOME } from '../process/sandbox/machine.ts';

/**
 * Paths on the machine of the backup that production keeps and a restore finds again: a key store, a volume that survives.
 * `~/` is the home folder.
 */
export const keepsOption = z
  .array(z.string().regex(/^(~|\/[^/])/, 'must be an absolute path, or one below ~/'))
  .default([]);

/** One of the drill's machines: a restore never runs on that of the backup, and sees of it only what is kept. */
export interface Machines {
  /** Its host name. `pod` is the machine of a CronJob's container, which has its command from its volumes. */
  readonly name: 'backup' | 'restore' | 'pod' | 'operator';
  readonly brought?: readonly { readonly from: string; readonly to: string }[];
  readonly keeps?: readonly { readonly path: string; readonly to: string }[];
}

/** For a program that is part of neither a backup nor its restore. */
export const OPERATOR: Machines = { name: 'operator' };

const LISTED = 20;
/** What the backup of this drill left; read when its restore fails. */
const LEFT_FILE = 'left-by-backup.json';
const leftSchema = z.array(z.string());

/** The machine of the backup, off which what is kept is copied. */
export async function backupMachine(
  keeps: readonly string[],
  step: Step,
  name: 'backup' | 'pod' = 'backup',
): Promise<Machines> {
  const store = storeOf(step);
  await mkdir(store, { recursive: true });
  return {
    name,
    keeps: keeps.map((path, index) => ({ path: expanded(path), to: join(store, `${index}`) })),
    // A second backup finds what the first one left there.
    brought: broughtFrom(store, keeps),
  };
}

const broughtFrom = (store: string, keeps: readonly string[]) =>
  keeps.map((path, index) => ({ from: join(store, `${index}`), to: expanded(path) }));

/** A fresh machine with nothing of the backup's but what is kept. */
export function restoreMachine(keeps: readonly string[], step: Step): Machines {
  return { name: 'restore', brought: broughtFrom(storeOf(step), keeps) };
}

/** For the record: what was kept of what the contract names, and what was left. */
export async function observeLeft(
  { left = [], kept = [] }: ProgramRun,
  { keeps, handed }: { readonly keeps: readonly string[]; readonly handed: readonly string[] },
  step: Step,
): Promise<BackupMachine> {
  const paths = keeps.map(expanded);
  const gone = left.filter(({ path }) => !paths.some((keep) => path === keep || path.startsWith(`${keep}/`)));
  await writeFile(join(step.scratchDir, LEFT_FILE), JSON.stringify(gone.map(({ path }) => path)));
  return {
    kept: [
      ...keeps.map((path) => ({ path, there: kept.includes(expanded(path)) })),
      ...handed.map((path) => ({ path, there: true })),
    ],
    left: gone.slice(0, LISTED).map(({ path, sizeBytes }) => ({ path: step.secrets.redact(path), sizeBytes })),
    leftFiles: gone.length,
  };
}

/** A restore that fails because of something that the backup left behind is told so. */
export async function hintOfLeft(error: unknown, { name }: Machines, step: Step): Promise<unknown> {
  if (name !== 'restore' || !isExplained(error) || step.signal.aborted) return error;
  let left: readonly string[];
  try {
    left = await readLeft(step);
  } catch (unreadable) {
    // The failed restore comes first: trouble with the hint must not take its place.
    const trouble = `What the backup left on its machine cannot be read: ${step.secrets.redact(summaryOf(unreadable))}.`;
    const nextStep = `${error.explanation.nextStep} ${trouble}`;
    return new ExplainedError({ ...error.explanation, nextStep }, { cause: error.cause });
  }
  // Only a file that the error names explains it: a backup leaves scratch files behind as well.
  const named = left.find((path) => error.explanation.observed.includes(basename(path)));
  if (named === undefined) return error;
  const more = left.length === 1 ? '' : ` and ${left.length - 1} more`;
  return new ExplainedError(
    {
      ...error.explanation,
      nextStep: `The backup left ${step.secrets.redact(named)}${more} on its own machine, which a restore does not see. If the restore needs that, store it off the machine, or name in \`keeps\` what production keeps. ${error.explanation.nextStep}`,
    },
    { cause: error.cause },
  );
}

/** Empty where the backup never ran on a machine of the drill, e.g. as a pod. */
async function readLeft({ scratchDir }: Step): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(join(scratchDir, LEFT_FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return leftSchema.parse(JSON.parse(text));
}

const storeOf = ({ scratchDir }: Step): string => join(scratchDir, 'kept-of-backup');

const expanded = (path: string): string => path.replace(/^~(?=\/|$)/, HOME).replace(/(?<=.)\/+$/, '');
