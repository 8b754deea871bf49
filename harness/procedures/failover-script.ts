import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcedureContext } from '../model/procedure.ts';
import { performing, type RecoveryVariable } from '../model/step.ts';
import { runProcess } from '../procedure-kit/as-process.ts';
import { type AuthorVariables, authorVariables } from '../procedure-kit/author-environment.ts';
import { OPERATOR } from '../procedure-kit/machines.ts';
import { lastLines } from '../procedure-kit/observe.ts';
import { variablesOfScript } from '../procedure-kit/script-variables.ts';
import { requireExecutable } from '../process/named-program.ts';
import { platformPath } from '../process/platform-folder.ts';
import { WORK } from '../process/sandbox/machine.ts';
import { s3Backups } from '../systems/s3/backup-store.ts';
import { s3Credentials, s3Store } from '../systems/s3/service.ts';
import type { FailoverSettings, FailoverStep } from './failover-options.ts';

const INSTRUCTIONS: Readonly<Record<FailoverStep, string>> = {
  mirror: 'Mirror the streams in the standby region',
  detect: 'See whether the primary region is lost',
  decide: 'Decide that the standby region takes over, and write it down',
  promote: 'Promote the mirrors of the standby region',
  redirect: 'Lead users to the standby region',
  start: 'Before the servers of the lost region start: see who is in charge',
  rejoin: 'Make the region that came back a mirror of the one in charge',
  failBack: 'Put it in charge again',
};

export interface ScriptRun {
  readonly claimed: string;
  readonly command: string;
}

/** Runs one of the platform's scripts to its end, secrets left out of what it said. */
export async function runFailoverScript(
  which: FailoverStep,
  settings: FailoverSettings,
  context: ProcedureContext,
): Promise<ScriptRun> {
  const { target, step, environment, meanings } = context;
  const path = settings[which];
  const file = platformPath(path);
  await requireExecutable(path, `${which} script`);
  const s3 = await target.place(s3Store);
  const author = authorVariables(settings.environment, new Map(), step.secrets);
  const env = {
    ...environment,
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_DEFAULT_REGION: s3.region,
    ...Object.fromEntries(s3Credentials(s3)),
    ...Object.fromEntries(author.values),
  };
  const described = {
    what: INSTRUCTIONS[which],
    command: path,
    variables: await variablesOf(file, { ...env, WORK_DIR: WORK }, { ...meanings, ...meaningsOf(settings) }, author),
    ifItFails: 'Its last line names what it could not do; it may be run again.',
  };
  const run = {
    name: `${which} ${path}`,
    file,
    written: path,
    args: [],
    variables: new Map(Object.entries(env)),
    machine: OPERATOR,
  };
  // The mirror is there before anything is lost: making it is no step of a recovery.
  const { output } =
    which === 'mirror'
      ? await runProcess(run, context)
      : await performing(step, described, () => runProcess(run, context));
  return { claimed: lastLines(output), command: path };
}

const meaningsOf = ({ environment }: FailoverSettings): Record<string, string> =>
  Object.fromEntries(
    Object.keys(environment).map((name) => [name, 'what the drill sets; left out, its default holds']),
  );

/** What a script, or one of the modules beside it, names: each variable once. */
async function variablesOf(
  file: string,
  given: Readonly<Record<string, string>>,
  meanings: Readonly<Record<string, string>>,
  author: AuthorVariables,
): Promise<readonly RecoveryVariable[]> {
  const found = new Map<string, RecoveryVariable>();
  for (const each of await withModules(file)) {
    for (const variable of await variablesOfScript(each, given, s3Backups, meanings, author))
      found.set(variable.name, variable);
  }
  return [...found.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function withModules(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'latin1');
  const beside = [...text.matchAll(/ from '\.\/([\w-]+\.mjs)'/g)].map(([, name = '']) => join(dirname(file), name));
  const deeper = await Promise.all(beside.map(withModules));
  return [...new Set([file, ...deeper.flat()])];
}
