import { mkdtemp, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ProcedureContext } from '../model/procedure.ts';
import { withoutSecrets } from '../model/redact-error.ts';
import { runCommand } from '../process/run.ts';
import { makeToolFolder } from '../process/tool-folder.ts';

export interface ProcessOfDrill {
  /** For messages, e.g. `restore ops/restore.sh`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The scratch folder when left out. */
  readonly cwd?: string | undefined;
  /** Instead of a scratch folder of its own, which is removed afterwards. */
  readonly workDir?: string | undefined;
  /** `HOME` and `WORK_DIR` are the scratch folder unless they are given; the tools come first on `PATH`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly nextStep?: string;
}

/** Runs a program of the platform to its end, and returns what it wrote, secrets left out. */
export async function runProcess(program: ProcessOfDrill, context: ProcedureContext): Promise<string> {
  const { step } = context;
  const workDir = program.workDir ?? (await mkdtemp(join(step.scratchDir, 'run-')));
  try {
    const { stdout, stderr } = await runCommand(
      {
        name: program.name,
        file: program.file,
        args: program.args,
        cwd: program.cwd ?? workDir,
        ...(program.nextStep === undefined ? {} : { nextStep: program.nextStep }),
        env: {
          WORK_DIR: workDir,
          // A home of its own: what the user of this machine has configured for these programs must not reach them.
          HOME: workDir,
          ...Object.fromEntries(program.variables),
          PATH: await searchPath(context, workDir, program.variables.get('PATH')),
        },
      },
      step.signal,
    );
    return step.secrets.redact(`${stdout}\n${stderr}`);
  } catch (error) {
    throw withoutSecrets(error, step.secrets);
  } finally {
    if (program.workDir === undefined) await rm(workDir, { recursive: true, force: true });
  }
}

async function searchPath(context: ProcedureContext, workDir: string, given: string | undefined): Promise<string> {
  const tools = await makeToolFolder(context.target, workDir);
  return [tools, given, process.env['PATH']].filter((part) => part !== undefined && part !== '').join(delimiter);
}
