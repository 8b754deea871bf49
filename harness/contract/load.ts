import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drillName } from '../drill/new-record.ts';
import type { Contract } from '../model/contract.ts';
import { ContractMistakeError, UsageError } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import { suggestion } from '../model/text.ts';
import { requireExecutable } from '../process/named-program.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { type ContractMistake, isOfAuthor, throwMistakes } from '../project/mistakes.ts';
import { moduleFailure } from '../project/module-failure.ts';
import { type ContractCollector, collecting } from './collect.ts';

/** Everything that contract files promise, in order, and the mistakes of their authors. */
export interface Promises {
  readonly contracts: readonly Contract[];
  readonly postures: readonly PostureContract[];
  readonly mistakes: readonly ContractMistake[];
}

/**
 * Loads the contracts with drills that these files define.
 * @throws {ExplainedError} for a mistake in any of them: the caller wants all or nothing.
 */
export async function loadContracts(files: ContractFiles): Promise<readonly Contract[]> {
  const { contracts, mistakes } = await loadPromises(files);
  throwMistakes(mistakes);
  return contracts;
}

/**
 * Loads contract files and returns their definitions, in order. A mistake stops one contract, or the rest of one file, and is returned: a
 * file that does not load, a malformed contract, a name used twice.
 */
export async function loadPromises({ folder, files, mistakes: found }: ContractFiles): Promise<Promises> {
  const contracts: Contract[] = [];
  const postures: PostureContract[] = [];
  const mistakes: ContractMistake[] = [...found];
  const seen = new Map<string, string>();
  const take = <T extends { readonly name: string }>(all: readonly T[], into: T[], file: string) => {
    for (const each of all) {
      const other = seen.get(each.name);
      if (other === undefined) into.push(each);
      else mistakes.push({ contract: each.name, file, error: usedTwice(each.name, other, file) });
      seen.set(each.name, other ?? file);
    }
  };
  for (const file of files) {
    const shown = relative(folder, file);
    const collected = await loadedOnce(file, folder);
    take(collected.contracts, contracts, shown);
    take(collected.postures, postures, shown);
    mistakes.push(...collected.mistakes);
  }
  const known = [...contracts.map(({ name }) => name), ...mistakes.flatMap(({ contract }) => contract ?? [])];
  const isWithoutData = (named: string | undefined) =>
    contracts.some(({ name, rpoMs }) => name === named && rpoMs === null);
  const isSound = (posture: PostureContract): boolean => {
    const check = posture.checks.find(({ objectiveOf }) => objectiveOf !== undefined && !known.includes(objectiveOf));
    const withoutRpo = posture.checks.find(
      ({ objective, objectiveOf }) => objective === 'rpo' && isWithoutData(objectiveOf),
    );
    if (check === undefined && withoutRpo === undefined) return true;
    const error =
      check === undefined
        ? noRpo(posture.name, withoutRpo)
        : noSuchContract(posture.name, check.name, check.objectiveOf ?? '', known);
    mistakes.push({ contract: posture.name, file: posture.sourceFile ?? '', error });
    return false;
  };
  return { contracts, postures: postures.filter(isSound), mistakes };
}

const noSuchContract = (posture: string, check: string, named: string, known: readonly string[]) =>
  new ContractMistakeError({
    thing: `posture "${posture}", check ${check}`,
    expected: `one of the contracts ${known.join(', ') || '(there are none)'} in \`for\``,
    observed: `it names "${named}"${suggestion(named, known)}`,
    nextStep: 'Correct `for`.',
  });

const noRpo = (posture: string, check: PostureContract['checks'][number] | undefined) =>
  new ContractMistakeError({
    thing: `posture "${posture}", check ${check?.name}`,
    expected: 'a contract with an RPO in `for`',
    observed: `contract "${check?.objectiveOf}" has \`rpo: 'none'\``,
    nextStep: 'Write `rpo` instead of `for`, or name another contract.',
  });

/** Node runs a module once per process, so its definitions are kept for later loads. */
const loaded = new Map<string, Promise<ContractCollector>>();

async function loadedOnce(file: string, folder: string): Promise<ContractCollector> {
  const known = loaded.get(file) ?? loadFile(file, folder);
  loaded.set(file, known);
  return await known;
}

async function loadFile(file: string, folder: string): Promise<ContractCollector> {
  const shown = relative(folder, file);
  let mistake: Error | undefined;
  const collected = await collecting(shown, async () => {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      mistake = isOfAuthor(error) ? error : doesNotLoad(shown, folder, error);
    }
  });
  const count =
    collected.contracts.length + collected.postures.length + collected.mistakes.length + collected.unused.size;
  if (mistake === undefined && count === 0) mistake = definesNothing(shown);
  for (const error of collected.unused) collected.mistakes.push({ contract: undefined, file: shown, error });
  if (mistake !== undefined) collected.mistakes.push({ contract: undefined, file: shown, error: mistake });
  return collected;
}

const doesNotLoad = (shown: string, folder: string, error: unknown) =>
  new ContractMistakeError(
    { thing: shown, expected: 'a contract file that loads', ...moduleFailure(error, folder) },
    { cause: error },
  );

const definesNothing = (shown: string) =>
  new ContractMistakeError({
    thing: shown,
    expected: 'at least one contract({ … }) or posture({ … })',
    observed: 'it defines none',
    nextStep: 'Define one, or move the file out of contracts/.',
  });

const usedTwice = (name: string, one: string, other: string) =>
  new ContractMistakeError({
    thing: `contract "${name}"`,
    expected: 'a name of its own',
    observed: one === other ? `${one} uses it twice` : `${one} and ${other} both use it`,
    nextStep: 'Rename one of them.',
  });

/**
 * Selects the promises with those names; all of them when no name is given. Ignores mistakes in contracts that were not selected.
 * @throws {ExplainedError} for an unknown name.
 */
export function selectPromises({ contracts, postures, mistakes }: Promises, names: readonly string[]): Promises {
  if (names.length === 0) return { contracts, postures, mistakes };
  const known = [...new Set(namesOf({ contracts, postures, mistakes }))];
  const wanted = mistakes.filter(({ contract }) => contract !== undefined && names.includes(contract));
  for (const name of names) {
    if (known.includes(name) || wanted.some(({ contract }) => contract === name)) continue;
    const unread = [...new Set(mistakes.filter(({ contract }) => contract === undefined).map(({ file }) => file))];
    throw new UsageError({
      thing: `contract "${name}"`,
      expected: known.length === 0 ? 'contracts below contracts/' : `one of ${known.join(', ')}`,
      observed: `there is none of that name${suggestion(name, known)}${unread.length === 0 ? '' : `; ${unread.join(', ')} could not be read`}`,
      nextStep: 'Run `npx dr-contracts list` to see the contracts.',
    });
  }
  const isWanted = ({ name }: { readonly name: string }) => names.includes(name);
  return { contracts: contracts.filter(isWanted), postures: postures.filter(isWanted), mistakes: wanted };
}

/** Checks the outside files that contracts name, such as scripts, before anything is started. */
export async function checkPromises({ contracts, postures, mistakes }: Promises): Promise<Promises> {
  const found: ContractMistake[] = [...mistakes];
  const sound = async <T extends Pick<Contract, 'name' | 'sourceFile'>>(
    all: readonly T[],
    check: (each: T) => unknown,
  ) => {
    const kept: T[] = [];
    for (const each of all) {
      try {
        await check(each);
        kept.push(each);
      } catch (error) {
        if (!isOfAuthor(error)) throw error;
        found.push({ contract: each.name, file: each.sourceFile ?? '', error });
      }
    }
    return kept;
  };
  return {
    contracts: await sound(contracts, checkContract),
    postures: await sound(postures, checkPosture),
    mistakes: found,
  };
}

export const checkContract = async ({ protectedBy }: Pick<Contract, 'protectedBy'>): Promise<void> =>
  await protectedBy.check?.();

export async function checkPosture({ appliedBy }: Pick<PostureContract, 'appliedBy'>): Promise<void> {
  if (appliedBy !== undefined) await requireExecutable(appliedBy, 'platform script');
}

/** Returns every name of a contract or a posture, well formed or not. */
export const namesOf = ({ contracts, postures, mistakes }: Promises): readonly string[] => [
  ...contracts.map(({ name }) => name),
  ...postures.map(({ name }) => name),
  ...mistakes.flatMap(({ contract }) => contract ?? []),
];

/** Returns the visible name of every drill of a contract. */
const drillsOf = (contract: Contract): readonly string[] =>
  contract.survives.map((disaster) => drillName(contract.name, disaster));

export interface ContractList {
  readonly contracts: readonly { readonly name: string; readonly drills: readonly string[]; readonly file: string }[];
  readonly mistakes: readonly ContractMistake[];
}

/** Lists the contracts and drills without running them. */
export async function listContracts(contractFiles: ContractFiles): Promise<ContractList> {
  const { contracts, postures, mistakes } = await checkPromises(await loadPromises(contractFiles));
  const listed = [
    ...contracts.map((contract) => ({
      name: contract.name,
      drills: drillsOf(contract),
      file: contract.sourceFile ?? '',
    })),
    ...postures.map(({ name, checks, sourceFile }) => ({
      name,
      drills: checks.map((check) => `posture: ${check.name}`),
      file: sourceFile ?? '',
    })),
  ];
  return { contracts: listed, mistakes };
}
