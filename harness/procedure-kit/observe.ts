import type { BackupStore, Destination, ListedObject } from '../model/backup-store.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import { formatDuration } from '../model/units.ts';
import type { ProgramRun } from '../process/program.ts';
import { type Arrival, arrivalOf } from './arrival.ts';
import { destinationOf } from './destination.ts';
import { observeLeft } from './machines.ts';
import { secondArrival, untilAnotherName } from './second-backup.ts';
import { sharedPointers } from './shared-pointers.ts';

const CLAIMED_LINES = 5;

/** A backup about to be run: what it is called, where it uploads to, and what runs it. */
export interface ObservedBackup {
  /** For messages, e.g. `backup ops/backup.sh`. */
  readonly thing: string;
  /** What exits, in a sentence: `the script`. */
  readonly what: string;
  /** Where it uploads to; the usual store when left out. */
  readonly store?: BackupStore | undefined;
  readonly prefix: string;
  /** Runs it to its end, secrets left out of what it wrote. @throws when it failed. */
  readonly run: (destination: Destination) => Promise<ProgramRun>;
  /** What production keeps of the machine of the backup: paths, and what is handed to the restore in another way, by name. */
  readonly keeps?: readonly string[] | undefined;
  readonly handed?: readonly string[] | undefined;
  /** The text of what was run, where it can be read: searched for lines that hide failures. */
  readonly text?: string | undefined;
}

/**
 * Runs a backup and returns what it left at its destination, as the harness finds it there.
 * @param usual the store of a backup that names none.
 * @throws {ExplainedError} when it left nothing.
 */
export async function observeBackupIn(
  usual: BackupStore,
  backup: ObservedBackup,
  context: ProcedureContext,
): Promise<RecoveryPoint> {
  const { step, earlier } = context;
  const { clock, signal } = step;
  using destination = await destinationOf(backup.store ?? usual, backup.prefix, context);
  const { bucketUrl } = destination;
  if (earlier !== undefined) await untilAnotherName(earlier, step);
  const before = await destination.list(signal);
  const captureBegan = clock.now();
  const run = await backup.run(destination);
  const claimed = lastLines(run.output);
  const after = await destination.list(signal);
  const durable = clock.now();
  const written = arrivalOf(before, after, bucketUrl);
  if (written === undefined) throw await nothingLeft(backup, destination, claimed, context);
  const pointers = sharedPointers(written.keys, { began: captureBegan, ended: durable });
  const lay = without(before, pointers);
  const lies = without(after, pointers);
  const fresh = arrivalOf(lay, lies, bucketUrl) ?? written;
  const arrival =
    earlier === undefined ? fresh : secondArrival({ before: lay, after: lies, fresh }, earlier, bucketUrl);
  if (arrival.sizeBytes === 0) throw onlyEmpty(backup, arrival, claimed);
  const { keys, location, ...arrivedThere } = arrival;
  const protection = await destination.protection(keys, signal);
  const { keeps = [], handed = [] } = backup;
  const isKnown = run.left !== undefined || handed.length > 0;
  const machine = isKnown ? { machine: await observeLeft(run, { keeps, handed }, step) } : {};
  return { id: location, location, captureBegan, durable, ...arrivedThere, ...protection, claimed, ...machine };
}

const without = (listing: ReadonlyMap<string, ListedObject>, keys: ReadonlySet<string>) =>
  new Map([...listing].filter(([key]) => !keys.has(key)));

function onlyEmpty({ thing, what }: ObservedBackup, { objects, location }: Arrival, claimed: string): ExplainedError {
  const said = claimed === '' ? '' : `; it said: ${claimed}`;
  return new ExplainedError({
    thing,
    expected: `data in ${location}`,
    observed: `${what} exited 0 and left ${objects === 1 ? 'one object' : `${objects} objects`} of 0 bytes${said}`,
    nextStep: 'Run it by hand and check the content of the objects that it uploads.',
  });
}

async function nothingLeft(
  { thing, what, text }: ObservedBackup,
  destination: Destination,
  claimed: string,
  { step: { signal }, earlier }: ProcedureContext,
): Promise<ExplainedError> {
  const again = earlier === undefined ? '' : ' new';
  const [deleted, ...more] = await destination.deletedAgain(signal);
  const hidden = hiddenFailures(text ?? '');
  const said = claimed === '' ? '' : `; it said: ${claimed}`;
  const left =
    deleted === undefined
      ? `left nothing${again} there`
      : `left nothing there: it uploaded ${more.length === 0 ? deleted.key : `${more.length + 1} objects, first ${deleted.key},`} and deleted ${more.length === 0 ? 'it' : 'them'} again after ${formatDuration(deleted.livedMs)}`;
  const nextStep =
    deleted !== undefined
      ? 'Check what it deletes: its retention also deletes the newest copy.'
      : hidden.length > 0
        ? `It hides failures (${hidden.join('; ')}): let a failure end it`
        : 'Run it by hand and look at what it uploads, and at its credentials.';
  return new ExplainedError({
    thing,
    expected: `a new object under ${destination.url}`,
    observed: `${what} exited 0 and ${left}${said}`,
    nextStep,
  });
}

/** What a command said last, for the record. */
export function lastLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-CLAIMED_LINES)
    .join('\n');
}

/** The last line that says something: standard error comes last in what a program wrote. */
export const lastLine = (output: string): string => lastLines(output).split('\n').at(-1) ?? '';

/** `command || true`, `command || :`, `set +e`: what makes a shell go on, and end well, after something failed. */
const HIDES = /\|\|\s*(?:true|:|exit 0)\s*(?:[;)}#].*)?$|^\s*set \+e\b/;

const SHOWN = 3;

/** The lines of a shell script that hide failures, numbered, for a reader who looks for why nothing was said. */
function hiddenFailures(script: string): readonly string[] {
  return script
    .split('\n')
    .flatMap((line, index) => (HIDES.test(line) && !/^\s*#/.test(line) ? [`line ${index + 1}: ${line.trim()}`] : []))
    .slice(0, SHOWN);
}
