/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const MADE_OF = Symbol.for('dr-contracts.made-of');

/** Origin of a part of a contract: the name of its factory, and the options as the author wrote them. */
export interface MadeOf {
  readonly kind: string;
  readonly options: readonly unknown[];
}

/**
 * Stores the origin on the part. A copy of the part (`{ ...part, restore }`) does not carry it, because the copy differs from what the
 * factory made.
 */
export function noteMadeOf<P extends object>(part: P, madeOf: MadeOf): P {
  if (Object.isExtensible(part)) {
    Object.defineProperty(part, MADE_OF, { value: madeOf, enumerable: false, configurable: true });
  }
  return part;
}

/** Returns the origin of the part; undefined for a part that no factory of this package made. */
export function madeOf(part: object): MadeOf | undefined {
  return Object.hasOwn(part, MADE_OF) ? (Reflect.get(part, MADE_OF) as MadeOf) : undefined;
}
