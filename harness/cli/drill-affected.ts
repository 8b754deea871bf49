import type { Affected } from '../contract/affected-contracts.ts';
import { counted } from '../model/counted.ts';
import { UsageError } from '../model/errors.ts';
import { commitOf, gitIfAny } from '../process/git.ts';
import { baseNamed, findBase } from '../project/base-branch.ts';
import { openProject, type Project } from '../project/prepare-run.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import type { DrillParts } from './drill-parts.ts';
import type { DrillOptions } from './make-run.ts';

export type AffectedContracts = (project: Project, since: string, signal: AbortSignal) => Promise<Affected>;

/** Drills the contracts whose files changed since a commit; exits 0 where there are none, because their proofs still hold. */
export async function drillAffected(
  options: DrillOptions,
  io: CommandIo,
  parts: DrillParts,
  affectedContracts: AffectedContracts,
): Promise<number> {
  const project = await openProject(io.cwd, io.config);
  const { commit, shown } = await sinceOf(options.affected, project, io);
  const { contracts, of } = await affectedContracts(project, commit, io.signal);
  if (contracts.length === 0) {
    io.stderr.write(`dr-contracts: none of ${counted(of, 'contract')} changed since ${shown}: nothing to drill\n`);
    return 0;
  }
  io.stderr.write(
    `dr-contracts: ${contracts.length} of ${counted(of, 'contract')} changed since ${shown}: ${contracts.join(', ')}\n`,
  );
  return await runDrill({ ...options, contracts, onlyIfCarried: true }, io, parts);
}

async function sinceOf(
  asked: DrillOptions['affected'],
  { folder }: Project,
  io: CommandIo,
): Promise<{ readonly commit: string; readonly shown: string }> {
  if (typeof asked === 'string') {
    const commit = await commitOf(folder, asked, io.signal);
    if (commit !== undefined) return { commit, shown: asked };
    throw new UsageError({
      thing: `--affected ${asked}`,
      expected: 'a commit of this repository',
      observed: 'git knows none of that name here',
      nextStep: 'Correct the name, or fetch the commit: a pipeline often fetches only the last one.',
    });
  }
  const name = baseNamed(io.environment);
  if (name === undefined) return { commit: 'HEAD', shown: 'HEAD' };
  const base = await findBase(folder, name, io.signal);
  // What changed on the base branch in the meantime is not of this change. A shallow checkout knows no common commit: the base branch
  // itself then shows too many changes, and never too few.
  const found = await gitIfAny(folder, ['merge-base', base.commit, 'HEAD'], io.signal);
  const common = found?.trim() ?? base.commit;
  return { commit: common, shown: `${base.ref} (${common.slice(0, 10)})` };
}
