import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../../model/errors.ts';
import { renderColumns } from '../../reporting/columns.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { wrapWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { type Answers, answersFrom, askAnswers, firstContractOf, impossibilities } from './answers.ts';
import type { InitOptions } from './init-options.ts';
import { addPipeline, likelyPipelineSystem, pipelineFiles, pipelineToAdd } from './pipeline-files.ts';
import {
  findRepository,
  type ManagerCommands,
  type Repository,
  readUserPackage,
  type UserPackage,
} from './repository.ts';
import { filesToWrite, readIfThere, type WrittenFile, writeFileOf } from './written-files.ts';

interface Step extends WrittenFile {
  readonly state: 'new' | 'same' | 'other';
}

/**
 * Makes a project in the current folder: a configuration, a first contract, the files that it needs, an npm script and a pipeline. Asks on
 * a terminal only. Writes all or nothing: an existing file with other content is refused before anything is written. In a folder that has a
 * configuration, `--ci` alone adds the pipeline and leaves everything else unchanged.
 */
export async function runInit(
  options: InitOptions,
  io: CommandIo,
  stdin: NodeJS.ReadStream = process.stdin,
): Promise<0> {
  const { cwd, stdout, environment } = io;
  const userPackage = await readUserPackage(cwd);
  const extension = userPackage.isModule ? 'ts' : 'mts';
  const added = await pipelineToAdd(options, cwd);
  if (added !== undefined) return await addPipeline(added, { force: options.force, extension }, io);
  const asks = !options.yes && stdin.isTTY === true && traitsOf(stdout, environment).live;
  const proposed = { ci: await likelyPipelineSystem(cwd) };
  const answers = asks
    ? await askAnswers(options.answers, proposed, { input: stdin, output: stdout, signal: io.signal })
    : answersFrom({ ...proposed, ...options.answers });
  const files = await filesToWrite({
    answers,
    ownScripts: options.ownScripts,
    extension,
  });
  const pipeline = await pipelineFiles(answers.ci, cwd);
  const all = [...files, ...pipeline.files, await ignoredReports(cwd)];
  const steps = await Promise.all(all.map((file) => compared(cwd, file)));
  if (!options.force) refuseToOverwrite(steps, userPackage);
  for (const step of steps) if (step.state !== 'same') await writeFileOf(cwd, step, step.state === 'new');
  if (userPackage.after !== userPackage.before) await writeFile(join(cwd, 'package.json'), userPackage.after);
  const repository = await findRepository(cwd);
  const byHand = [...pipeline.next, ...(await ignoredBuilds(repository))];
  stdout.write(report({ steps, userPackage, answers, byHand, commands: repository.commands }, io));
  return 0;
}

async function compared(cwd: string, file: WrittenFile): Promise<Step> {
  const there = await readIfThere(join(cwd, file.path));
  return { ...file, state: there === undefined ? 'new' : there === file.content ? 'same' : 'other' };
}

function refuseToOverwrite(steps: readonly Step[], { otherScript }: UserPackage): void {
  const others = steps.filter(({ state, path }) => state === 'other' && path !== IGNORE).map(({ path }) => path);
  if (otherScript !== undefined) others.push(`the script "drill" in package.json (${otherScript})`);
  if (others.length === 0) return;
  throw new UsageError({
    thing: 'this folder',
    expected: 'to hold nothing that init would overwrite',
    observed: `it already holds ${others.join(', ')}`,
    nextStep:
      'Nothing was written. Choose another --name, move them away, or overwrite them with --force. To add only a pipeline to a project that has a configuration: `npx dr-contracts init --ci github` (or gitlab), without other options.',
  });
}

const IGNORE = '.gitignore';

/** Adds the missing lines to the file; existing lines stay. */
async function ignoredReports(cwd: string): Promise<WrittenFile> {
  const there = (await readIfThere(join(cwd, IGNORE))) ?? '';
  const missing = ['node_modules/', 'reports/'].filter(
    (line) => !there.split('\n').some((written) => written.trim().replace(/^\/|\/$/g, '') === line.slice(0, -1)),
  );
  const separator = there === '' || there.endsWith('\n') ? '' : '\n';
  const content = missing.length === 0 ? there : `${there}${separator}${missing.join('\n')}\n`;
  return { path: IGNORE, content, is: 'keeps reports out of the repository' };
}

/**
 * Returns the command by which the user tells pnpm to run no install script: pnpm 11 and newer install nothing with such a script before
 * the user has decided about it, so a pipeline would fail. No package below this one needs its script.
 */
async function ignoredBuilds({ root, manager, lockFile }: Repository): Promise<readonly string[]> {
  if (manager !== 'pnpm') return [];
  const settings = await readIfThere(join(root, dirname(lockFile), 'pnpm-workspace.yaml'));
  if (settings?.includes('ssh2')) return [];
  return ["pnpm approve-builds '!cpu-features' '!protobufjs' '!ssh2'   tells pnpm 11 that no install script is needed"];
}

interface Written {
  readonly steps: readonly Step[];
  readonly userPackage: UserPackage;
  readonly answers: Answers;
  readonly byHand: readonly string[];
  readonly commands: ManagerCommands;
}

function report({ steps, userPackage, answers, byHand, commands }: Written, io: CommandIo): string {
  const did = { new: 'written', same: 'was there', other: 'replaced' } as const;
  const script = userPackage.after === userPackage.before ? 'was there' : 'changed';
  const rows = steps.map(({ path, state, is }) => [
    path,
    path === IGNORE && state === 'other' ? 'changed' : did[state],
    is,
  ]);
  rows.push(['package.json', script, 'the script "drill"']);
  const next = [
    ...byHand,
    ...(userPackage.dependsOnUs ? [] : [`${commands.add} dr-contracts        so that contracts can import it`]),
    `${commands.exec} dr-contracts doctor                    what is here, what is missing, how to get it`,
    `${commands.exec} dr-contracts drill --contract ${answers.name.padEnd(8)} the first drill; the very first builds the real servers once: ${firstContractOf(answers.asset).firstBuild}`,
  ];
  const traits = traitsOf(io.stdout, io.environment);
  const table = renderColumns(['file', 'state', 'is'], rows, traits);
  const notes = impossibilities(answers).map((reason) => `${wrapWords(`Note: ${reason}`, traits.columns, '  ')}\n`);
  return `${table}\n\n${notes.length === 0 ? '' : `${notes.join('')}\n`}Next:\n${next.map((line) => `  ${line}\n`).join('')}`;
}
