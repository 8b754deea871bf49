import { madeOf } from '../model/made-of.ts';

/** What an author wrote, as plain data that is the same on every machine. */
export interface Canonical {
  readonly value: unknown;
  /** Every text in it: one of them may name a file. */
  readonly texts: readonly string[];
  /** It holds code, or an object of a kind that is not known here: what that does cannot be told from its data. */
  readonly holdsCode: boolean;
}

/**
 * The canonical form of a part of a contract, or of its options: sorted fields, without fields that are not set. A value that was declared
 * as `secret(…)` is left out, because the digest of a short secret gives it away.
 * @param folders absolute paths, which differ from machine to machine: the texts are told without them.
 */
export function canonicalOf(written: unknown, folders: readonly string[]): Canonical {
  const reading = new Reading(folders);
  const value = reading.of(written);
  return { value, texts: reading.texts, holdsCode: reading.holdsCode };
}

class Reading {
  readonly texts: string[] = [];
  holdsCode = false;
  readonly #folders: readonly string[];
  /** Objects around the one that is read. */
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
    // Dates, addresses, and values that were declared secret, which say *** of themselves.
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
