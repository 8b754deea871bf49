import { readFile } from 'node:fs/promises';
import { systemClock } from '../clock/clock.ts';
import { Secrets } from '../model/secrets.ts';
import { asSystemError, explainSystemError } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import { InterruptedError, listenForInterruption } from './interruption.ts';
import { type Commands, createProgram } from './program.ts';
import * as real from './real-parts.ts';

const OUTPUTS = [
  { stream: process.stdout, name: 'standard output' },
  { stream: process.stderr, name: 'standard error' },
] as const;
/** Output that could not be written, e.g. to a full disk: a reader would take a part for the whole. */
let lost: { readonly error: Error; readonly isTold: boolean } | undefined;
let isFinished = false;
/** Exit code of the command when it is ended from outside. */
let codeOfAbruptEnd = 2;
/** True for a command whose normal end is a signal of the operating system. */
let endsBySignal = false;
process.on('exit', () => {
  if (isFinished) return;
  // A contract file, or one of its imports, has called process.exit(): nothing was proved, whatever the code.
  process.exitCode = codeOfAbruptEnd;
  process.stderr.write(
    'dr-contracts: the command: expected to run to its end, but it was ended early, for example by process.exit() in a contract file, in the configuration or in a module that one of them imports. Nothing is proved. Remove that call.\n',
  );
});
const exitCode = await main();
isFinished = true;
for (const { stream } of OUTPUTS) await drained(stream);
if (lost !== undefined && !lost.isTold) await tell(lost.error, new Secrets());
process.exitCode = exitCode === 0 && lost !== undefined ? codeOfAbruptEnd : exitCode;
// An open handle must not prevent a finished run from ending.
process.exit();

async function main(): Promise<number> {
  const interruption = listenForInterruption(systemClock, () => {
    isFinished = true;
    process.exit(2);
  });
  // Nothing awaits this error, so it ends the run in order: teardown first, then the message.
  process.on('unhandledRejection', (reason) => interruption.abort(reason));
  process.on('uncaughtException', (error) => interruption.abort(error));
  for (const { stream, name } of OUTPUTS) {
    stream.on('error', (error) => {
      // `dr-contracts … | head`: the reader has closed the pipe; the run continues, including its teardown.
      if ('code' in error && error.code === 'EPIPE') return;
      lost ??= { error: outputLost(name, error), isTold: false };
      interruption.abort(lost.error);
    });
  }

  const secrets = new Secrets();
  let exitCode = 2;
  try {
    const program = createProgram(await readVersion(), commandsWith(interruption.signal, secrets), (code) => {
      exitCode = code;
    });
    await program.parseAsync(process.argv);
    const { aborted, reason } = interruption.signal;
    if (aborted && !(endsBySignal && reason instanceof InterruptedError)) throw reason;
    return exitCode;
  } catch (error) {
    const told = await tell(error, secrets);
    if (lost !== undefined) lost = { ...lost, isTold: told.includes(lost.error.message) };
    const { exitCodeOfFailure } = await import('./failure.ts');
    return exitCodeOfFailure(error);
  }
}

/** Prints a failure, and returns the text. */
async function tell(error: unknown, secrets: Secrets): Promise<string> {
  const { renderFailure } = await import('./failure.ts');
  const text = secrets.redact(renderFailure(error, process.env.DR_CONTRACTS_DEBUG === '1'));
  process.stderr.write(text);
  return text;
}

/** Returns the commands. Each is loaded when it is called, so that help and usage errors appear at once. */
function commandsWith(signal: AbortSignal, secrets: Secrets): Commands {
  const io: CommandIo & { config?: string | undefined } = {
    cwd: process.cwd(),
    clock: systemClock,
    signal,
    secrets,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    commandLine: ['dr-contracts', ...process.argv.slice(2)].join(' '),
  };
  return {
    configure: (file) => {
      io.config = file;
    },
    init: async (options) => (await import('./init/init-command.ts')).runInit(options, io),
    demo: async (options) => (await import('./demo/demo-command.ts')).runDemo(options, io),
    drill: async (options) =>
      options.affected === undefined
        ? (await import('./drill-command.ts')).runDrill(options, io, real.drillParts)
        : (await import('./drill-command.ts')).drillAffected(options, io, real.drillParts, real.affectedContracts),
    toolchain: async (options) =>
      options.builders === true
        ? (await import('./toolchain-command.ts')).runNeededBuilders(options, io, real.builderParts)
        : (await import('./toolchain-command.ts')).runToolchain(options, io, real.toolchainParts),
    doctor: async (options) => (await import('./doctor-command.ts')).runDoctor(options, io, real.doctorParts),
    gc: async (options) => (await import('./gc-command.ts')).runGc(options, io, real.collectGarbage),
    export: async (options) => (await import('./exports/export-command.ts')).runExport(options, io),
    comment: async (options) => (await import('./exports/notify-command.ts')).runComment(options, io),
    history: async (options) => (await import('./exports/history-command.ts')).runHistory(options, io),
    diff: async (options) => (await import('./exports/history-command.ts')).runDiff(options, io),
    notify: async (options) => (await import('./exports/notify-command.ts')).runNotify(options, io),
    gate: async (options) => {
      const { GATE_FAILED, runGate } = await import('./gate/gate-command.ts');
      codeOfAbruptEnd = GATE_FAILED;
      endsBySignal = options.serve !== undefined;
      return await runGate(options, io, real.loadPromises);
    },
    list: async () => (await import('./list-command.ts')).runList(io, real.listContracts),
    runbook: async (options) =>
      (await import('./runbook-command.ts')).runRunbook(options, io, real.loadRunbookContracts),
    plan: async (options) => (await import('./plan-command.ts')).runPlan(options, io, real.loadPlannedPromises),
    keygen: async (options) => (await import('./keygen-command.ts')).runKeygen(options, io),
    changeKey: async (options) => (await import('./keygen-command.ts')).runChangeKey(options, io),
    verify: async (options) => (await import('./verify-command.ts')).runVerify(options, io),
    anchor: async (options) => (await import('./verify-command.ts')).runAnchor(options, io),
    report: async (options) => (await import('./report-command.ts')).runReport(options, io, real.loadPromises),
    compliance: async (options) => (await import('./compliance/compliance-command.ts')).runCompliance(options, io),
    signOff: async (options) => (await import('./review/sign-off-command.ts')).runSignOff(options, io),
    openDeviation: async (options) => (await import('./review/deviation-command.ts')).openDeviation(options, io),
    closeDeviation: async (options) => (await import('./review/deviation-command.ts')).closeDeviation(options, io),
    listDeviations: async (options) => (await import('./review/deviation-command.ts')).listDeviations(options, io),
    verdict: async (file) => (await import('./verdict-command.ts')).runVerdict(file, io, await real.loadJudge()),
  };
}

async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}

function outputLost(name: string, error: Error): Error {
  const systemError = asSystemError(error);
  return systemError === undefined
    ? new Error(`the output could not be written to ${name}`, { cause: error })
    : explainSystemError(systemError, name);
}

/** Resolves when everything has been written, or has failed and its error has been emitted: Node emits it some ticks later. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    stream.write('', () => setImmediate(resolve));
  });
}
