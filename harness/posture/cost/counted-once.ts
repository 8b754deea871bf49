import { ExplainedError } from '../../model/errors.ts';

interface Below {
  readonly bucket: string;
  readonly prefix: string;
}

interface Named {
  readonly prefixes: readonly Below[];
  readonly velero: readonly string[];
  readonly copies: readonly { readonly bucket: string; readonly to: string }[];
  readonly items: readonly { readonly item: string }[];
}

/**
 * Nothing may be named twice, because it would be counted twice.
 * @throws {ExplainedError} naming the first that is.
 */
export function requireCountedOnce({ prefixes, velero, copies, items }: Named, thing: string): void {
  for (const copy of copies) {
    if (copy.bucket === copy.to)
      refuse(thing, `s3://${copy.bucket} is named as its own copy`, 'Name another bucket in `to`.');
    const counted = prefixes.find(
      ({ bucket, prefix }) =>
        bucket === copy.to &&
        prefixes.some((each) => each.bucket === copy.bucket && areOneInTheOther(each.prefix, prefix)),
    );
    if (counted !== undefined) {
      refuse(thing, `${placeOf(counted)} is named in \`prefixes\`, and is in the copy of s3://${copy.bucket} as well`);
    }
  }
  for (const [index, one] of prefixes.entries()) requireApart(one, prefixes.slice(index + 1), thing);
  for (const [what, names] of [
    ['Velero Schedule', velero],
    ['copy', copies.map(({ bucket, to }) => `of s3://${bucket} in s3://${to}`)],
    ['item', items.map(({ item }) => `"${item}"`)],
  ] as const) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) refuse(thing, `${what} ${twice} is named twice`);
  }
}

/** @throws {ExplainedError} where the same objects lie below another of them. */
export function requireApart(one: Below, others: readonly Below[], thing: string): void {
  const other = others.find(({ bucket, prefix }) => bucket === one.bucket && areOneInTheOther(prefix, one.prefix));
  if (other === undefined) return;
  const isSame = other.prefix === one.prefix;
  const [outer, inner] = one.prefix.length <= other.prefix.length ? [one, other] : [other, one];
  refuse(
    thing,
    isSame ? `${placeOf(one)} is named twice` : `${placeOf(inner)} lies within ${placeOf(outer)}, and both are named`,
  );
}

const areOneInTheOther = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

const placeOf = ({ bucket, prefix }: Below): string => `s3://${bucket}/${prefix}`;

function refuse(thing: string, observed: string, nextStep = 'Name each object that is paid for once.'): never {
  throw new ExplainedError({
    thing,
    expected: 'everything that costs money to be named once',
    observed,
    nextStep,
    cause: 'contract-mistake',
  });
}
