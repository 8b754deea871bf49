import { join } from 'node:path';
import { findConfiguration } from '../../project/config-file.ts';
import { isPolicyThere } from '../../project/gate-files.ts';
import { renderColumns } from '../../reporting/columns.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import type { PipelineSystem } from './answers.ts';
import type { InitOptions } from './init-options.ts';
import { pipelineFiles } from './pipeline-files.ts';
import { policyFile, readIfThere, type WrittenFile, writeFileOf } from './written-files.ts';

/**
 * The pipeline that `init --ci` is asked to add to a project that is there already: nothing else is named, and there is a configuration.
 * Undefined where a project has to be made.
 */
export async function pipelineToAdd(
  { answers, ownScripts }: InitOptions,
  cwd: string,
): Promise<PipelineSystem | undefined> {
  const { ci, ...others } = answers;
  const isAlone = ownScripts === undefined && Object.values(others).every((value) => value === undefined);
  if (ci === undefined || ci === 'none' || !isAlone) return undefined;
  return (await findConfiguration(cwd)) === undefined ? undefined : ci;
}

/** Writes the pipeline and, where there is none, the policy of its gate. A file that says something else is left alone, unless forced. */
export async function addPipeline(
  ci: PipelineSystem,
  { force, extension }: { readonly force: boolean; readonly extension: 'ts' | 'mts' },
  io: CommandIo,
): Promise<0> {
  const { cwd, stdout, environment } = io;
  const pipeline = await pipelineFiles(ci, cwd);
  const rows: string[][] = [];
  const leftAlone: string[] = [];
  const place = async (file: WrittenFile, mayReplace: boolean) => {
    const there = await readIfThere(join(cwd, file.path));
    const isOther = there !== undefined && there !== file.content;
    if (there === undefined || (isOther && mayReplace)) {
      await writeFileOf(cwd, file, there === undefined);
      rows.push([file.path, there === undefined ? 'written' : 'replaced', file.is]);
    } else {
      rows.push([file.path, isOther ? 'left alone' : 'was there', file.is]);
      if (isOther) leftAlone.push(file.path);
    }
  };
  for (const file of pipeline.files) await place(file, force);
  const policy = await policyFile(extension);
  if (await isPolicyThere({ folder: cwd, base: undefined })) rows.push(['policy of the gate', 'left alone', policy.is]);
  else await place(policy, false);
  const replace = leftAlone.map(
    (path) => `${path} says something else and was left alone; --force replaces it with the pipeline of this version`,
  );
  const next = [...replace, ...pipeline.next];
  const table = renderColumns(['file', 'state', 'is'], rows, traitsOf(stdout, environment));
  const rest = next.length === 0 ? '' : `\n\nNext:\n${next.map((line) => `  ${line}`).join('\n')}`;
  stdout.write(
    `There is a configuration, so only the pipeline was added. Contracts, scripts and package.json were left alone.\n\n${table}${rest}\n`,
  );
  return 0;
}
