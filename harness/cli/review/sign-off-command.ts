import type { signOffOutcomes } from '../../evidence/entry.ts';
import { ReviewedEntries, type ReviewedEntry, type ReviewSubject } from '../../evidence/reviewed-entries.ts';
import { UsageError } from '../../model/errors.ts';
import { suggestion } from '../../model/text.ts';
import { paletteFor, traitsOf } from '../../reporting/terminal.ts';
import { onOneLine, wrapWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { openReview, type ReviewPlace } from './append-review.ts';

export interface SignOffOptions extends ReviewPlace {
  readonly run?: string | undefined;
  readonly contract?: string | undefined;
  readonly reviewer: string;
  readonly role?: string | undefined;
  readonly outcome: (typeof signOffOutcomes)[number];
  readonly comment: string;
  /** Only show the would-be sign-off. */
  readonly dryRun: boolean;
}

/** Appends that a person reviewed a run, or the last drills of a contract, and accepted or rejected it. */
export async function runSignOff(options: SignOffOptions, io: CommandIo): Promise<0> {
  const { run, contract, reviewer, role, outcome, comment, dryRun } = options;
  const subject = subjectOf(run, contract);
  if (outcome === 'rejected' && comment === '') throw withoutReason();
  const reviewed = new ReviewedEntries(subject);
  using review = await openReview(options, io, (entry) => reviewed.follow(entry));
  const entries = found(reviewed, subject, review.at);
  const lines = entries.map((entry) => lineOf(entry, io));
  if (dryRun) {
    const signedBy = await review.checkKey();
    io.stdout.write(`${lines.join('\n')}\nDry run: nothing was appended. The entry would be ${signedBy}.\n`);
    return 0;
  }
  const { appended, signedBy } = await review.append({
    kind: 'sign-off',
    runId: run ?? null,
    contract: contract ?? null,
    reviewer,
    ...(role === undefined ? {} : { role }),
    outcome,
    comment,
    reviewed: entries.map(({ contract: name, disaster, sequence, digest }) => ({
      contract: name,
      disaster,
      sequence,
      digest,
    })),
  });
  const who = `${reviewer}${role === undefined ? '' : ` (${role})`}`;
  const what = run === undefined ? `the last drills of ${contract}` : `run ${run}`;
  const told = onOneLine(`entry ${appended.sequence}: ${who} ${outcome} ${what}; ${signedBy}`);
  io.stdout.write(`${lines.join('\n')}\n${told}\n`);
  return 0;
}

function subjectOf(runId: string | undefined, contract: string | undefined): ReviewSubject {
  if (runId !== undefined && contract === undefined) return { runId };
  if (contract !== undefined && runId === undefined) return { contract };
  throw new UsageError({
    thing: 'sign-off',
    expected: 'either --run or --contract',
    observed: runId === undefined ? 'neither is given' : 'both are given',
    nextStep: 'Name the run that you reviewed, or the contract whose last drills you reviewed.',
  });
}

function found(reviewed: ReviewedEntries, subject: ReviewSubject, at: string): readonly ReviewedEntry[] {
  const { entries, hasEnded, lastRuns, contracts } = reviewed;
  const missing = (observed: string, nextStep: string) =>
    new UsageError({ thing: `sign-off in the ledger ${at}`, expected: 'drills to review', observed, nextStep });
  if ('contract' in subject) {
    if (entries.length > 0) return entries;
    const { contract } = subject;
    throw missing(
      `it holds none of the contract ${contract}${suggestion(contract, contracts)}`,
      `The contracts in the ledger are ${contracts.join(', ')}.`,
    );
  }
  const { runId } = subject;
  if (entries.length > 0 && hasEnded) return entries;
  throw missing(
    entries.length > 0 || hasEnded
      ? `run ${runId} has ${hasEnded ? 'no drills' : 'not ended'}`
      : `it holds no run ${runId}`,
    `The last runs are ${lastRuns.join(', ')}.`,
  );
}

function lineOf({ contract, disaster, verdict, sentence, sequence }: ReviewedEntry, io: CommandIo): string {
  const traits = traitsOf(io.stdout, io.environment);
  const name = disaster === null ? contract : `${contract} › ${disaster}`;
  const known = verdict === 'met' || verdict === 'at-risk' || verdict === 'breached' ? verdict : 'unproven';
  return wrapWords(
    `${paletteFor(traits).verdict(known, onOneLine(verdict))} ${onOneLine(`${name} (entry ${sequence}): ${sentence}`)}`,
    traits.columns,
    '  ',
  );
}

const withoutReason = (): UsageError =>
  new UsageError({
    thing: 'sign-off',
    expected: 'a reason for a rejection',
    observed: 'there is none',
    nextStep: 'Add --comment.',
  });
