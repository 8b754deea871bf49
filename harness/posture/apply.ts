import { readFile } from 'node:fs/promises';
import type { PostureContext } from '../model/posture.ts';
import type { Capability } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { platformFolder, platformPath } from '../process/platform-folder.ts';
import { type Program, runProgram } from '../process/program.ts';
import { providers } from '../registered/providers.ts';

/**
 * Runs the script that installs the platform on a disposable target, with `WORK_DIR` and the addresses of the target's parts in its
 * environment. Each part's provider names them, such as `AWS_*` or `KUBECONFIG`. A variable is unset if the target lacks the part.
 * @throws {ExplainedError} with the last lines of the script's output, when it does not exit 0.
 */
export async function applyPlatform(
  script: string,
  { target, step }: Pick<PostureContext, 'target' | 'step'>,
): Promise<void> {
  const variables = await addressesOf(target);
  const kubeconfig = variables['KUBECONFIG'];
  // A copy: the script may select a context in it, and must not select it for other readers.
  const brought = kubeconfig === undefined ? [] : [{ from: kubeconfig, to: kubeconfig }];
  await runPlatformScript({ script, variables, brought }, { target, step });
}

interface PlatformScript extends Pick<Program, 'brought' | 'mounts' | 'onLine'> {
  /** Path relative to the platform's folder. */
  readonly script: string;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Runs a script of the platform on an operator's machine, which has the platform's folder and the inputs in `given`.
 * @throws {ExplainedError} with the last lines of the script's output, when it does not exit 0.
 */
export async function runPlatformScript(
  { script, ...given }: PlatformScript,
  { target, step }: Pick<PostureContext, 'target' | 'step'>,
): Promise<void> {
  const file = platformPath(script);
  await runProgram(
    {
      name: `platform ${script}`,
      file,
      written: script,
      args: [],
      machine: 'operator',
      reads: [platformFolder()],
      scripts: [file],
      tools: target.commandLines,
      ...given,
    },
    {
      sandbox: target.sandbox,
      scratchDir: step.scratchDir,
      signal: step.signal,
      redact: (text) => step.secrets.redact(text),
    },
  );
}

async function addressesOf(target: Target): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { capability, addresses } of providers()) {
    if (addresses !== undefined && target.capabilities.includes(capability))
      Object.assign(variables, await addresses.values(target));
  }
  return variables;
}

interface Lacking {
  /** One sentence: which variables were unset, why, and what to write in the contract. */
  readonly said: string;
  /** True where the script or its output shows that it uses the variables. */
  readonly isCertain: boolean;
}

/**
 * Returns the addresses that a script of the platform may have missed because nothing in the run needed that part of the target: a run
 * starts only the parts that something in it needs.
 * @param script path relative to the platform's folder
 * @param asked parts that were needed: if the target lacks one of these, the reason is another one
 * @param nextStep names the place in the contract, from the needs in TypeScript (`['s3']`)
 */
export async function lackingAddresses(
  {
    script,
    message,
    asked,
    nextStep,
  }: {
    readonly script: string;
    readonly message: string;
    readonly asked: readonly Capability[];
    readonly nextStep: (needs: string) => string;
  },
  { capabilities }: Pick<Target, 'capabilities'>,
): Promise<Lacking | undefined> {
  const unset = providers().flatMap(({ capability: need, addresses }) =>
    addresses === undefined || capabilities.includes(need) || asked.includes(need) ? [] : [{ need, ...addresses }],
  );
  if (unset.length === 0) return undefined;
  const written = await readFile(platformPath(script), 'utf8').catch(() => '');
  const text = `${written.replaceAll(/^\s*(#|\/\/).*$/gm, '')}\n${message}`;
  const shown = unset.filter(({ signs }) => signs.test(text));
  const told = shown.length > 0 ? shown : unset;
  const variables = told.map((each) => each.variables).join(', ');
  const needs = `[${told.map(({ need }) => `'${need}'`).join(', ')}]`;
  const when = shown.length > 0 ? '' : 'where the script uses them, ';
  return {
    said: `${variables} were not set, because nothing here needs ${told.map(({ need }) => need).join(' and ')}: ${when}${nextStep(needs)}`,
    isCertain: shown.length > 0,
  };
}
