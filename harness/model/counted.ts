/** `1 drill`, `2 drills`, `0 drills`. */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;

/**
 * `1 consumer`, `2 consumers`: of a kind that a record names by its English plural. A Kubernetes kind (`Secret`) is a name and stays as it is.
 */
export function countedOf(count: number, kind: string): string {
  const isPlural = /^[a-z].*[^s]s$/.test(kind);
  return `${count} ${count === 1 && isPlural ? kind.replace(/(ies|s)$/, (ending) => (ending === 'ies' ? 'y' : '')) : kind}`;
}
