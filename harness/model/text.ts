import type { z } from 'zod';

/** Returns a count with its noun: `1 drill`, `2 drills`, `0 drills`. */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;

/**
 * Returns a count with a kind that a record names by its English plural: `1 consumer`, `2 consumers`. A Kubernetes kind (`Secret`) is a
 * name and stays unchanged.
 */
export function countedOf(count: number, kind: string): string {
  const isPlural = /^[a-z].*[^s]s$/.test(kind);
  return `${count} ${count === 1 && isPlural ? kind.replace(/(ies|s)$/, (ending) => (ending === 'ies' ? 'y' : '')) : kind}`;
}

/** Compares texts for sorting, by code units. The order of a locale would make files differ between machines. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns true for a text without a visible character: it is empty, or has only white space, control characters and invisible marks. */
export const isBlank = (text: string): boolean => !/[^\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(text);

/** Returns ` (did you mean "…"?)` for the nearest candidate, if one is near enough to be a slip. */
export function suggestion(written: string, candidates: readonly string[]): string {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(written.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? '' : ` (did you mean "${near.candidate}"?)`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      current[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

// Turns the issues of zod into sentences. zod's own messages are for programmers.

export type Issue = z.core.$ZodIssue;

/**
 * Describes the first few issues of data that nobody wrote by hand, such as a record.
 * @param within path of the data within a thing that the reader knows.
 */
export function issuesInWords(error: z.ZodError, most = 3, within: readonly string[] = []): string {
  const said = error.issues
    .slice(0, most)
    .map((issue) => innermost(issue) ?? issue)
    .map((issue) => issueInWords({ ...issue, path: [...within, ...issue.path] }));
  const more = error.issues.length > most ? `; and ${error.issues.length - most} more` : '';
  return `${said.join('; ')}${more}`;
}

function issueInWords(issue: Issue): string {
  const field = fieldOf(issue.path);
  const place = field === '' ? 'the whole' : `\`${field}\``;
  if (issue.code === 'unrecognized_keys') return `${place} has an unknown field "${issue.keys[0] ?? ''}"`;
  if (issue.code === 'invalid_value') return `${place} is none of ${issue.values.map(String).join(', ')}`;
  const received = /received (?<kind>\w+)$/.exec(issue.message)?.groups?.['kind'];
  if (issue.code === 'invalid_type') {
    const wanted = aKind(issue.expected);
    if (received === 'undefined') return `${place} is missing, but has to be ${wanted}`;
    return `${place} has to be ${wanted}${received === undefined ? '' : `, but is ${aKind(received)}`}`;
  }
  const form = formOf(issue);
  if (form !== undefined) return `${place} has to be ${form}`;
  if (issue.code === 'invalid_union') {
    const values = issue.errors.flatMap(([first]) => (first?.code === 'invalid_value' ? first.values : []));
    return values.length === 0
      ? `${place} has none of the permitted forms`
      : `${place} is none of ${values.map(String).join(', ')}`;
  }
  return /^(must|has|is) /.test(issue.message) ? `${place} ${issue.message}` : `${place} is wrong: ${issue.message}`;
}

/**
 * Returns the form that zod's own message asks for. Undefined if the schema has its own message, or zod's is not plain enough for a reader.
 */
export function formOf(issue: Issue | undefined): string | undefined {
  if (issue === undefined || !/^(Too (small|big)|Invalid ISO date)/.test(issue.message)) return undefined;
  if (issue.code === 'invalid_format') return 'a day such as 2027-01-31';
  if (issue.code === 'too_small') return sized('at least', issue.origin, Number(issue.minimum));
  return issue.code === 'too_big' ? sized('at most', issue.origin, Number(issue.maximum)) : undefined;
}

function sized(limit: 'at least' | 'at most', origin: string, count: number): string {
  if (origin === 'string' && limit === 'at least' && count === 1) return 'a text that is not empty';
  if (origin === 'string') return `a text of ${limit} ${counted(count, 'character')}`;
  if (origin === 'array') return `a list of ${limit} ${count} ${count === 1 ? 'entry' : 'entries'}`;
  return `a number of ${limit} ${count}`;
}

/**
 * Returns, for a union, the issue of the alternative that got furthest. An unknown field counts as further than a value of another kind.
 */
export function innermost(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const reach = ({ path, code }: Issue) => path.length + (code === 'unrecognized_keys' ? 1 : 0);
  const deepest = issue.errors.flatMap(([first]) => first ?? []).toSorted((one, other) => reach(other) - reach(one))[0];
  if (deepest === undefined || reach(deepest) === 0) return issue;
  return innermost({ ...deepest, path: [...issue.path, ...deepest.path] });
}

export const fieldOf = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** Returns the kind with its article: `a number`, `an array`. */
export const aKind = (kind: string): string =>
  kind === 'null' ? kind : kind === 'int' ? 'a whole number' : `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;

/** Compares dotted numbers, such as `1.26` and `1.26.3`; a missing number counts as 0. */
export function isVersionAtLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number);
  const wanted = minimum.split('.').map(Number);
  for (let index = 0; index < Math.max(parts.length, wanted.length); index += 1) {
    const difference = (parts[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
