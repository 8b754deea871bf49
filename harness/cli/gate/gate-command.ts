import { appendFile } from 'node:fs/promises';
import type { GateDecision, GateExitCode } from '../../evidence/gate/decision.ts';
import { renderGateMarkdown, renderGithubAnnotations } from '../../evidence/gate/render-formats.ts';
import { renderExplanation, renderGateText, titleOf } from '../../evidence/gate/render-text.ts';
import { isUsageError } from '../../model/errors.ts';
import { suggestion } from '../../model/text.ts';
import { consoleToStderr } from '../../process/console-to-stderr.ts';
import { explaining } from '../../reporting/system-error.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { wrapWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { renderFailure } from '../failure.ts';
import { askGate, type GateAnswer, type LoadPromises } from './ask-gate.ts';
import type { GateOptions } from './gate-options.ts';
import { renderDocument, writeDecision } from './write-decision.ts';

/** Exit code of a gate that could not decide. */
export const GATE_FAILED = 70;
const USAGE = 64;

/** Decides and prints. Every error is an exit code of the gate, never a decision to pass. */
export async function runGate(options: GateOptions, io: CommandIo, load: LoadPromises): Promise<number> {
  try {
    if (options.serve !== undefined) {
      const { serveGate } = await import('./serve-gate.ts');
      await serveGate(options.serve, options, io, load);
      return 0;
    }
    const answer = await consoleToStderr(() => askGate(options, io, load));
    const { explain } = options;
    return explain === undefined
      ? await print(answer.decision, options, io)
      : explainContract(explain, answer, options, io);
  } catch (error) {
    if (io.signal.aborted) throw error;
    const text = renderFailure(error, io.environment.DR_CONTRACTS_DEBUG === '1');
    io.stderr.write(io.secrets?.redact(text) ?? text);
    return isUsageError(error) ? USAGE : GATE_FAILED;
  }
}

async function print(decision: GateDecision, options: GateOptions, io: CommandIo): Promise<number> {
  const { format, dryRun } = options;
  const isForPeople = format === 'text' || format === 'github';
  const stream = isForPeople ? io.stdout : io.stderr;
  stream.write(renderGateText(decision, traitsOf(stream, io.environment)));
  if (!isForPeople) io.stdout.write(renderDocument(format, decision));
  if (format === 'github') {
    io.stdout.write(renderGithubAnnotations(decision));
    const summary = io.environment.GITHUB_STEP_SUMMARY ?? '';
    if (summary !== '') await explaining('job summary', () => appendFile(summary, renderGateMarkdown(decision)));
  }
  await writeDecision(options.write ?? [], decision, io.cwd);
  const exitCode = exitCodeFor(decision, dryRun);
  if (exitCode !== decision.exitCode) stream.write(`Dry run: exits 0 instead of ${decision.exitCode}.\n`);
  return exitCode;
}

/** Prints everything about one contract. For one outside the decision, prints the reason. */
function explainContract(
  name: string,
  { decision, contracts }: GateAnswer,
  { dryRun }: GateOptions,
  io: CommandIo,
): number {
  const traits = traitsOf(io.stdout, io.environment);
  const promise = decision.promises.find(({ contract }) => contract === name);
  const ofWhole = wrapWords(`Of the whole project: ${titleOf(decision)}`, traits.columns, '  ');
  if (promise !== undefined) {
    io.stdout.write(`${renderExplanation(promise, decision, traits)}\n${ofWhole}\n`);
    return exitCodeFor(decision, dryRun);
  }
  if (contracts === undefined || contracts.includes(name)) {
    // There is no decision about it; the reasons are those of the whole decision.
    io.stdout.write(`${renderGateText(decision, traits)}`);
    io.stderr.write(`dr-contracts: --explain ${name}: ${whyUndecided(name, decision, contracts)}\n`);
    return exitCodeFor(decision, dryRun);
  }
  const known = contracts.length === 0 ? 'The project states no contract.' : `It states ${contracts.join(', ')}.`;
  io.stderr.write(
    `dr-contracts: --explain ${name}: the project states no contract of this name${suggestion(name, contracts)}. ${known}\n`,
  );
  return decision.exitCode === GATE_FAILED ? GATE_FAILED : USAGE;
}

function whyUndecided(name: string, { ledger, problems }: GateDecision, contracts: readonly string[] | undefined) {
  if (contracts === undefined)
    return 'the contracts could not be read, so it is not known whether one of them has this name.';
  if (problems.some(({ kind, contract }) => kind === 'not-read' && contract === name)) {
    return 'the contract is not valid, so nothing was decided on it.';
  }
  return ledger.isRead
    ? 'the policy leaves it out of the decision.'
    : 'the ledger could not be read, so nothing was decided on it.';
}

/** Returns the exit code. A dry run forgives findings, but not that something could not be found out. */
function exitCodeFor({ exitCode }: GateDecision, isDryRun: boolean): GateExitCode {
  return isDryRun && (exitCode === 1 || exitCode === 2) ? 0 : exitCode;
}
