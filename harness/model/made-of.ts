/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const MADE_OF = Symbol.for('dr-contracts.made-of');

/** What a part of a contract was made of: the name of its factory, and the options as the author wrote them. */
export interface MadeOf {
  readonly kind: string;
  readonly options: readonly unknown[];
}

/** Notes it on the part. A copy of the part (`{ ...part, restore }`) does not carry the note, because it is no longer what the factory made. */
export function noteMadeOf<P extends object>(part: P, madeOf: MadeOf): P {
  if (Object.isExtensible(part)) {
    Object.defineProperty(part, MADE_OF, { value: madeOf, enumerable: false, configurable: true });
  }
  return part;
}

/** What the part was made of; undefined for one that no factory of this package made. */
export function madeOf(part: object): MadeOf | undefined {
  return Object.hasOwn(part, MADE_OF) ? (Reflect.get(part, MADE_OF) as MadeOf) : undefined;
}
