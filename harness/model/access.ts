/**
 * A token for one way to bring an asset back, on which an asset and a procedure agree. Each disaster of an asset lists the ways that it
 * leaves open. A procedure lists the ways that it uses. The owner of the way owns the token: this file holds the harness's own tokens, the
 * folder of a system holds that system's, and any package may add more. Two tokens with the same name are the same token.
 */
export interface Access<Name extends string = string> {
  readonly name: Name;
  /** Procedures that use it, as a contract's author writes them; for messages. */
  readonly usedBy: readonly string[];
}

/** Way of the platform's own programs, which use the variables of `OpenAsset.environment()`. */
export const environmentAccess: Access<'environment'> = {
  name: 'environment',
  usedBy: ['script({ … })', 'commands({ … })', 'cronJob({ … })'],
};

/** Way of a live copy that takes over: `OpenAsset.replica`. */
export const replicaAccess: Access<'live replica'> = { name: 'live replica', usedBy: ['failover({ … })'] };

/** Default of `offers` and of `protects`. */
const UNSAID: readonly Access[] = [environmentAccess];

interface Offering {
  readonly offers?: readonly Access[] | undefined;
}
interface Named extends Offering {
  readonly name: string;
}
interface Protecting {
  readonly protects?: readonly Access[] | undefined;
}

/** Returns the ways that a disaster leaves open. */
export const offersOf = ({ offers = UNSAID }: Offering): readonly Access[] => offers;

/** Returns true when the disaster leaves open at least one of the ways that the procedure uses. */
export function canProtect({ protects = UNSAID }: Protecting, disaster: Offering): boolean {
  const used = new Set(protects.map(({ name }) => name));
  return offersOf(disaster).some(({ name }) => used.has(name));
}

/** Names of an asset's disasters, each with the names of the ways that it leaves open. Only the types use it. */
export type Ways = Readonly<Record<string, string>>;

/** The ways of an asset, from a list of its disasters `as const`. A disaster without `offers` leaves `environment` open. */
export type WaysOf<Disasters extends readonly Named[]> = {
  readonly [Each in Disasters[number] as Each['name']]: Each extends { readonly offers: readonly Access<infer Name>[] }
    ? Name
    : 'environment';
};

/** Whether two sets of ways overlap. The type `string` comes from an author who did not use the types: it matches anything. */
type Meets<Offered extends string, Used extends string> = string extends Offered
  ? true
  : string extends Used
    ? true
    : [Extract<Offered, Used>] extends [never]
      ? false
      : true;

/** Disasters of an asset from which a procedure can protect it. */
export type Survivable<W extends Ways, Used extends string> = {
  [Name in keyof W & string]: Meets<W[Name], Used> extends true ? Name : never;
}[keyof W & string];
