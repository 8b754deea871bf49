import { appendFile } from 'node:fs/promises';
import type { GateDecision, GateExitCode } from '../../evidence/gate/decision.ts';
import { renderGateMarkdown, renderGithubAnnotations } from '../../evidence/gate/render-formats.ts';
import { renderExplanation, renderGateText, titleOf } from '../../evidence/gate/render-text.ts';
import { isUsageError } from '../../model/errors.ts';
import { explaining } from '../../reporting/system-error.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { wrapWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { renderFailure } from '../failure.ts';
import { askGate, type LoadPromises } from './ask-gate.ts';
import type { GateOptions } from './gate-options.ts';
import { renderDocument, writeDecision } from './write-decision.ts';

const GATE_FAILED = 70;
const USAGE = 64;

/** Decides and prints. Whatever goes wrong is an exit code of the gate, never a decision to pass. */
export async function runGate(options: GateOptions, io: CommandIo, load: LoadPromises): Promise<number> {
  try {
    if (options.serve !== undefined) {
      const { serveGate } = await import('./serve-gate.ts');
      await serveGate(options.serve, options, io, load);
      return 0;
    }
    const decision = await askGate(options, io, load);
    return await print(decision, options, io);
  } catch (error) {
    if (io.signal.aborted) throw error;
    const text = renderFailure(error, io.environment.DR_CONTRACTS_DEBUG === '1');
    io.stderr.write(io.secrets?.redact(text) ?? text);
    return isUsageError(error) ? USAGE : GATE_FAILED;
  }
}

async function print(decision: GateDecision, options: GateOptions, io: CommandIo): Promise<number> {
  const { explain, format, dryRun } = options;
  if (explain !== undefined) {
    const promise = decision.promises.find(({ contract }) => contract === explain);
    if (promise === undefined) {
      const names = decision.promises.map(({ contract }) => contract).join(', ');
      io.stderr.write(
        `dr-contracts: --explain ${explain}: expected one of ${names || 'the contracts'}, but there is no such contract.\n`,
      );
      return decision.exitCode === GATE_FAILED ? GATE_FAILED : USAGE;
    }
    const traits = traitsOf(io.stdout, io.environment);
    io.stdout.write(
      `${renderExplanation(promise, decision, traits)}\n${wrapWords(`Of the whole project: ${titleOf(decision)}`, traits.columns, '  ')}\n`,
    );
    return exitCodeFor(decision, dryRun);
  }
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

/** A dry run forgives what was found out, and not that something could not be found out. */
function exitCodeFor({ exitCode }: GateDecision, isDryRun: boolean): GateExitCode {
  return isDryRun && (exitCode === 1 || exitCode === 2) ? 0 : exitCode;
}
