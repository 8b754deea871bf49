import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { openFile } from '../base/open-file.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import {
  type ContractInput,
  contractInputsIn,
  type InputFolders,
  type NamedInputs,
} from '../project/contract-inputs.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import { PLAN_MARK } from '../reporting/plan/plan-mark.ts';
import { asSystemError } from '../reporting/system-error.ts';
import { canonicalOf } from './canonical.ts';
import type { Promises } from './load.ts';
import { inputsNamedBy } from './promise-facts.ts';

// The definition of a promise: what its author wrote, and the content of every file behind it. A proof holds for one definition. It is the
// same when a check runs and when nothing runs, on every machine and every target.

/** Told of a promise that names a file which cannot be read, so that it has no definition. */
export type OnUndefined = (promise: string, error: unknown) => void;

/**
 * The same promises with their definitions.
 * @param onUndefined called for one whose files cannot be read; without it, that is an error.
 * @throws {ContractMistakeError} for such a promise.
 */
export async function withDefinitions(
  promises: Promises,
  folders: InputFolders,
  onUndefined?: OnUndefined,
): Promise<Promises> {
  const reader = new DefinitionReader(folders, onUndefined);
  const contracts: Contract[] = [];
  for (const contract of promises.contracts) {
    const definition = await reader.ofContract(contract);
    contracts.push(definition === undefined ? contract : { ...contract, definition });
  }
  const postures: PostureContract[] = [];
  for (const posture of promises.postures) {
    postures.push({ ...posture, definitions: await reader.ofChecks(posture, contracts) });
  }
  return { ...promises, contracts, postures };
}

class DefinitionReader {
  readonly #folders: InputFolders;
  readonly #inputsOf: (named: NamedInputs) => Promise<readonly ContractInput[]>;
  readonly #onUndefined: OnUndefined | undefined;
  readonly #pages = new Map<string, Promise<boolean>>();

  constructor(folders: InputFolders, onUndefined: OnUndefined | undefined) {
    this.#folders = folders;
    this.#inputsOf = contractInputsIn(folders);
    this.#onUndefined = onUndefined;
  }

  async ofContract(contract: Contract): Promise<string | undefined> {
    const { asset, protectedBy } = contract;
    return await this.#definition([asset, protectedBy], inputsNamedBy(contract), []);
  }

  async ofChecks(posture: PostureContract, contracts: readonly Contract[]): Promise<ReadonlyMap<string, string>> {
    const definitions = new Map<string, string>();
    for (const check of posture.checks) {
      const named = inputsNamedBy({ ...posture, checks: [check] });
      const stated = [check.name, check.promise, posture.appliedBy ?? null, ...besides(check, contracts)];
      const definition = await this.#definition(check, named, stated);
      if (definition !== undefined) definitions.set(check.name, definition);
    }
    return definitions;
  }

  async #definition(written: unknown, named: NamedInputs, stated: readonly unknown[]): Promise<string | undefined> {
    const { folder, platformDir } = this.#folders;
    const { value, texts, holdsCode } = canonicalOf(written, [folder, platformDir]);
    const { sourceFile, ...rest } = named;
    // What code does can be seen from the file that it stands in, and from what that imports. Everything else stands in its data.
    if (holdsCode && sourceFile === undefined) return undefined;
    const reads = [...named.reads, ...texts.flatMap((text) => this.#placeOf(text) ?? [])];
    try {
      const inputs = await this.#inputsOf({ ...rest, sourceFile: holdsCode ? sourceFile : undefined, reads });
      return digestOf([value, canonicalOf(stated, [folder, platformDir]).value, await this.#told(inputs)]);
    } catch (error) {
      if (this.#onUndefined === undefined || !(isOfAuthor(error) || asSystemError(error) !== undefined)) throw error;
      this.#onUndefined(named.name, error);
      return undefined;
    }
  }

  /** The place that a text of the options names, from the platform's folder; undefined where it names none. */
  #placeOf(text: string): string | undefined {
    if (!/[./]/.test(text) || text.length > LONGEST_PATH || text.includes('\0') || /^\.{0,2}\/?$/.test(text)) {
      return undefined;
    }
    const { folder, platformDir } = this.#folders;
    const isThere = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined;
    return [platformDir, folder].map((from) => resolve(from, text)).find(isThere);
  }

  async #told(inputs: readonly ContractInput[]): Promise<readonly (readonly [path: string, digest: string])[]> {
    const { folder, platformDir } = this.#folders;
    const told: (readonly [string, string])[] = [];
    for (const { path, digest } of inputs) {
      const place = resolve(folder, path);
      this.#pages.set(place, this.#pages.get(place) ?? isPlanPage(place));
      // The page of a plan is made of proofs. If it were an input, each new page would outdate its own proofs.
      if (await this.#pages.get(place)) continue;
      told.push([path.startsWith('../') ? relative(platformDir, place) : path, digest]);
    }
    return told;
  }
}

const LONGEST_PATH = 1024;

/** What else a check depends on: the contract of its objective, or all of them. */
function besides({ objectiveOf, readsContracts }: PostureCheck, contracts: readonly Contract[]): readonly unknown[] {
  const objectives = contracts
    .filter(({ name }) => name === objectiveOf)
    .map(({ name, rtoMs, rpoMs }) => [name, rtoMs, rpoMs]);
  const everything = readsContracts === true ? contracts.map(statedBy) : [];
  return [objectives, everything];
}

/** A contract without its parts, of which it has the digest. */
const statedBy = ({ asset: _asset, protectedBy: _protectedBy, sourceFile: _file, ...stated }: Contract): unknown =>
  canonicalOf(stated, []).value;

async function isPlanPage(path: string): Promise<boolean> {
  if (!path.endsWith('.md')) return false;
  await using file = await openFile(path, 'r');
  return (await file.read(PLAN_MARK.length, 0)).toString('utf8') === PLAN_MARK;
}

const digestOf = (content: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
