import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { openFile } from '../base/files.ts';
import type { Contract } from '../model/contract.ts';
import { madeOf } from '../model/made-of.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import {
  type ContractInput,
  contractInputsIn,
  type InputFolders,
  type NamedInputs,
} from '../project/contract-inputs.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import { PLAN_MARK } from '../reporting/plan/plan-page.ts';
import { asSystemError } from '../reporting/system-error.ts';
import type { Promises } from './load.ts';
import { inputsNamedBy } from './promise-facts.ts';

// Definition of a promise: the author's text, and the content of every file behind it. A proof holds for one definition. The definition is
// the same with and without a run, on every machine and every target.

/** Called for a promise that names an unreadable file, so that it has no definition. */
type OnUndefined = (promise: string, error: unknown) => void;

/**
 * Returns the same promises with their definitions.
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
    // Behaviour of code is defined by its file and the imports of that file. Everything else is in the data.
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

  /** Returns the path that a text of the options names, relative to the platform's folder; undefined where it names none. */
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
      // The page of a plan is made from proofs. If it were an input, each new page would outdate its own proofs.
      if (await this.#pages.get(place)) continue;
      told.push([path.startsWith('../') ? relative(platformDir, place) : path, digest]);
    }
    return told;
  }
}

const LONGEST_PATH = 1024;

/** Returns the other dependencies of a check: the contract of its objective, or all contracts. */
function besides({ objectiveOf, readsContracts }: PostureCheck, contracts: readonly Contract[]): readonly unknown[] {
  const objectives = contracts
    .filter(({ name }) => name === objectiveOf)
    .map(({ name, rtoMs, rpoMs }) => [name, rtoMs, rpoMs]);
  const everything = readsContracts === true ? contracts.map(statedBy) : [];
  return [objectives, everything];
}

/** Returns a contract without its parts, which are covered by the digest. */
const statedBy = ({ asset: _asset, protectedBy: _protectedBy, sourceFile: _file, ...stated }: Contract): unknown =>
  canonicalOf(stated, []).value;

async function isPlanPage(path: string): Promise<boolean> {
  if (!path.endsWith('.md')) return false;
  await using file = await openFile(path, 'r');
  return (await file.read(PLAN_MARK.length, 0)).toString('utf8') === PLAN_MARK;
}

const digestOf = (content: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;

/** An author's text as plain data that is the same on every machine. */
interface Canonical {
  readonly value: unknown;
  /** All texts in it; each may name a file. */
  readonly texts: readonly string[];
  /** It contains code, or an object of an unknown kind: its behaviour is not visible in its data. */
  readonly holdsCode: boolean;
}

/**
 * Returns the canonical form of a part of a contract, or of its options: sorted fields, without unset fields. A value that was declared as
 * `secret(…)` is left out, because the digest of a short secret reveals it.
 * @param folders absolute paths, which differ between machines and are removed from the texts.
 */
function canonicalOf(written: unknown, folders: readonly string[]): Canonical {
  const reading = new Reading(folders);
  const value = reading.of(written);
  return { value, texts: reading.texts, holdsCode: reading.holdsCode };
}

class Reading {
  readonly texts: string[] = [];
  holdsCode = false;
  readonly #folders: readonly string[];
  /** Objects that contain the present one. */
  readonly #around = new Set<object>();

  constructor(folders: readonly string[]) {
    this.#folders = folders.toSorted((one, other) => other.length - one.length);
  }

  of(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return ['bigint', String(value)];
    if (typeof value === 'number') return Number.isFinite(value) ? value : ['number', String(value)];
    if (typeof value === 'function') return this.#code();
    if (typeof value !== 'object' || value === null) return value ?? null;
    if (this.#around.has(value)) return this.#code();
    this.#around.add(value);
    const read = this.#object(value);
    this.#around.delete(value);
    return read;
  }

  #object(value: object): unknown {
    const made = madeOf(value);
    if (made !== undefined) return { kind: made.kind, options: this.of(made.options) };
    if (value instanceof RegExp) return ['RegExp', String(value)];
    if (value instanceof Map) return ['Map', [...value].map((entry) => this.of(entry))];
    if (value instanceof Set) return ['Set', [...value].map((each) => this.of(each))];
    // Dates, addresses, and declared secrets, which print as ***.
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.of(value.toJSON());
    if (Array.isArray(value)) return value.map((each) => this.of(each));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) return this.#code();
    const fields = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(
      fields.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, each]) => [name, this.of(each)]),
    );
  }

  #text(text: string): string {
    let told = text;
    for (const folder of this.#folders) told = told.replaceAll(`${folder}/`, '').replaceAll(folder, '.');
    this.texts.push(told);
    return told;
  }

  #code(): string {
    this.holdsCode = true;
    return 'code';
  }
}
