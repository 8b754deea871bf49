/**
 * A way to bring an asset back: a token on which an asset and a procedure agree. An asset's disasters say which of them they leave
 * open, a procedure says which of them it uses. Whoever owns the way owns the token: the two here are the harness's own, a
 * system's are in its folder, and anybody may make more. Two tokens are the same when their names are.
 */
export interface Access<Name extends string = string> {
  readonly name: Name;
  /** The procedures that use it, as a contract's author writes them; for a message. */
  readonly usedBy: readonly string[];
}

/** Programs of the platform, which work with the variables of `OpenAsset.environment()`. */
export const environmentAccess: Access<'environment'> = {
  name: 'environment',
  usedBy: ['script({ … })', 'commands({ … })', 'cronJob({ … })'],
};

/** A live copy that takes over: `OpenAsset.replica`. */
export const replicaAccess: Access<'live replica'> = { name: 'live replica', usedBy: ['failover({ … })'] };

/** What a disaster leaves open, and what a procedure uses, where its author says nothing of it. */
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

/** The ways that a disaster leaves open. */
export const offersOf = ({ offers = UNSAID }: Offering): readonly Access[] => offers;

/** Whether the procedure can bring something back after the disaster, as far as both of them say. */
export function canProtect({ protects = UNSAID }: Protecting, disaster: Offering): boolean {
  const used = new Set(protects.map(({ name }) => name));
  return offersOf(disaster).some(({ name }) => used.has(name));
}

/** The names of an asset's disasters, each with the names of the ways that it leaves open: what the types know of an asset. */
export type Ways = Readonly<Record<string, string>>;

/** The ways of an asset, from a list of its disasters `as const`. One that says nothing leaves `environment` open. */
export type WaysOf<Disasters extends readonly Named[]> = {
  readonly [Each in Disasters[number] as Each['name']]: Each extends { readonly offers: readonly Access<infer Name>[] }
    ? Name
    : 'environment';
};

/** A type that is only known as `string` was written by somebody who left the types aside: it may meet anything. */
type Meets<Offered extends string, Used extends string> = string extends Offered
  ? true
  : string extends Used
    ? true
    : [Extract<Offered, Used>] extends [never]
      ? false
      : true;

/** The disasters of an asset that a procedure can protect it from. */
export type Survivable<W extends Ways, Used extends string> = {
  [Name in keyof W & string]: Meets<W[Name], Used> extends true ? Name : never;
}[keyof W & string];
