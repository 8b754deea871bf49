import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import type { ToolName, toolNames } from '../model/tools.ts';
import { redact, runCommand } from '../process/run.ts';
import { secretsOf } from './drill-variables.ts';

/** What a process finds on its PATH, besides the system's own programs. */
const SCRIPT_TOOLS = ['nats', 'aws', 'kubectl', 'velero'] as const satisfies readonly ToolName[];

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
  readonly secrets?: readonly string[];
  readonly nextStep?: string;
}

/** Runs a program of the platform to its end, and returns what it wrote, secrets left out. */
export async function runProcess(program: ProcessOfDrill, context: ProcedureContext): Promise<string> {
  const { target, step } = context;
  const workDir = program.workDir ?? (await mkdtemp(join(step.scratchDir, 'run-')));
  try {
    const secrets = [
      target.s3.secretAccessKey,
      ...secretsOf(program.variables),
      ...secretsOf(Object.entries(context.environment)),
      ...(program.secrets ?? []),
    ];
    const { stdout, stderr } = await runCommand(
      {
        name: program.name,
        file: program.file,
        args: program.args,
        cwd: program.cwd ?? workDir,
        secrets,
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
    return redact(`${stdout}\n${stderr}`, secrets);
  } finally {
    if (program.workDir === undefined) await rm(workDir, { recursive: true, force: true });
  }
}

async function searchPath(context: ProcedureContext, workDir: string, given: string | undefined): Promise<string> {
  const tools = await toolFolder(context, workDir);
  return [tools, given, process.env['PATH']].filter((part) => part !== undefined && part !== '').join(delimiter);
}

async function toolFolder({ target }: ProcedureContext, workDir: string): Promise<string> {
  const folder = join(workDir, `.tools-${randomUUID()}`);
  await mkdir(folder);
  for (const tool of SCRIPT_TOOLS) {
    const path = optionalTool(target, tool);
    if (path !== undefined) await symlink(path, join(folder, tool));
  }
  return folder;
}

/** A target without Kubernetes has no `velero`; a script that needs it will say so itself. */
function optionalTool(target: ProcedureContext['target'], tool: (typeof toolNames)[number]): string | undefined {
  try {
    return target.tool(tool);
  } catch (error) {
    if (error instanceof ExplainedError) return undefined;
    throw error;
  }
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
