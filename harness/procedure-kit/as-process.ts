import { realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isNotProvableHere } from '../model/errors.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import { withoutSecrets } from '../model/secrets.ts';
import { isRunByNode } from '../process/named-program.ts';
import { platformFolder } from '../process/platform-folder.ts';
import { type ProgramRun, runProgram } from '../process/program.ts';
import type { Mount } from '../process/sandbox/arguments.ts';
import { isInside } from '../process/sandbox/installed.ts';
import { hintOfLeft, type Machines } from './machines.ts';

/** A program of the platform that a procedure runs, and what it is given. */
export interface ProcessOfDrill {
  /** For messages, e.g. `restore ops/restore.sh`. */
  readonly name: string;
  readonly file: string;
  /** The same as the contract names it. */
  readonly written?: string | undefined;
  readonly args: readonly string[];
  /** Its work folder when left out. */
  readonly cwd?: string | undefined;
  /** `HOME` and `WORK_DIR` are folders of its machine unless they are given here; the tools come first on `PATH`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly nextStep?: string | undefined;
  /** On which of the drill's machines it runs, and what that brings or keeps. */
  readonly machine: Machines;
  /** The image that it runs from in production: what this machine lacks may be there. */
  readonly image?: string | undefined;
  readonly onStarted?: (() => void) | undefined;
  /** The script of the contract that an interpreter in `file` runs. */
  readonly script?: string | undefined;
  /** Volumes at their places. */
  readonly mounts?: readonly Mount[];
}

/** Runs a program of the platform to its end on a machine of its own; secrets are left out of what it wrote. */
export async function runProcess(program: ProcessOfDrill, context: ProcedureContext): Promise<ProgramRun> {
  const { target, step } = context;
  const { name, file, written, args, script, image, variables, cwd, nextStep, machine, onStarted } = program;
  const { KUBECONFIG: kubeconfig, ...named } = context.environment;
  const handed = await handedOver(named, step.scratchDir);
  // A copy: a script may choose a context in it, and must not choose it for others.
  const copied = kubeconfig === undefined ? [] : [{ from: kubeconfig, to: kubeconfig }];
  try {
    return await runProgram(
      {
        name,
        file,
        written,
        args,
        variables: Object.fromEntries(variables),
        workingDirectory: cwd,
        machine: machine.name,
        image,
        onStarted,
        reads: [platformFolder()],
        scripts: image === undefined ? [file, script].filter((path) => path !== undefined) : [],
        mounts: [...handed, ...(program.mounts ?? [])],
        brought: [...copied, ...(machine.brought ?? [])],
        keeps: machine.keeps,
        tools: target.commandLines,
        nextStep,
      },
      {
        sandbox: target.sandbox,
        scratchDir: step.scratchDir,
        signal: step.signal,
        redact: (text) => step.secrets.redact(text),
      },
    );
  } catch (error) {
    const hinted = await hintOfLeft(error, machine, step);
    throw isNotProvableHere(error) ? error : withoutSecrets(hinted, step.secrets);
  }
}

/**
 * What the drill hands over by name: files that a variable of its asset names, such as a region's access file or the kubeconfig, and folders
 * in the drill's own scratch folder, which its asset has made. Variables of a contract hand nothing over.
 */
async function handedOver(
  environment: Readonly<Record<string, string>>,
  scratchDir: string,
): Promise<readonly Mount[]> {
  const paths = Object.values(environment).filter((value) => isAbsolute(value));
  const mounts: Mount[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    const isOwnFolder = found?.isDirectory() === true && isInside(await realpath(path), await realpath(scratchDir));
    if (found?.isFile() === true || isOwnFolder) mounts.push({ from: path, to: path, mode: 'read-write' });
  }
  return mounts;
}

/** How an executable of the platform is started and typed: Node runs .mjs, .js and .cjs, anything else runs by itself. */
export function executableOf(
  file: string,
  written: string,
): Pick<ProcessOfDrill, 'file' | 'written' | 'script' | 'args'> & { readonly command: string } {
  return isRunByNode(file)
    ? { file: 'node', written: 'node', script: file, args: [file], command: `node ${written}` }
    : { file, written, args: [], command: written };
}
