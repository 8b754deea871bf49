/** A concrete subject for each form: a wildcard becomes a token of its own. */
export function concrete(subject: string, index: number): string {
  return subject
    .split('.')
    .map((token) => (token === '*' ? `any${index % 3}` : token === '>' ? `any${index % 3}.more` : token))
    .join('.');
}

/** Two subjects that one message could match, which the server refuses in one stream or in two; undefined when there are none. */
export function overlapIn(subjects: readonly string[]): readonly [string, string] | undefined {
  for (const [index, one] of subjects.entries()) {
    const other = subjects.slice(index + 1).find((each) => overlaps(one.split('.'), each.split('.')));
    if (other !== undefined) return [one, other];
  }
  return undefined;
}

function overlaps([one, ...ones]: readonly string[], [other, ...others]: readonly string[]): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one === '>' || other === '>') return true;
  return (one === other || one === '*' || other === '*') && overlaps(ones, others);
}
