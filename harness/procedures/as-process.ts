import { constants } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
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

/** @throws {ExplainedError} when there is no such file, or it is not executable. */
export async function requireExecutable(file: string, path: string, role: string): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `${role} script ${path}`,
        expected: 'an executable file',
        observed:
          error instanceof Error && 'code' in error && error.code === 'EACCES'
            ? 'it is not executable'
            : 'there is none',
        nextStep: `Correct the path in the contract, or: chmod +x ${basename(path)}`,
      },
      { cause: error },
    );
  }
}
