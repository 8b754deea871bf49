// Texts that match the patterns of a policy. The requests under test are built from them, so buckets, prefixes and values that only this
// document names are tried as well.

export type Variables = Readonly<Record<string, string>>;

/** Returns the text with every policy variable replaced by its value, its default, or otherwise a sample. */
export function withVariables(pattern: string, variables: Variables): string {
  return pattern.replaceAll(/\$\{([^}]*)\}/g, (_, inside: string) => {
    if (inside === '*' || inside === '?' || inside === '$') return inside;
    const [name = '', written] = inside.split(/,\s*/);
    return variables[name.trim().toLowerCase()] ?? written?.replaceAll("'", '') ?? SAMPLE;
  });
}

/** Replaces a wildcard, or a variable without a value. */
export const SAMPLE = 'sample';

/**
 * Returns texts that a pattern with `*` and `?` matches: each wildcard as nothing if possible, as a word, and as each of the given texts. A
 * pattern without wildcards returns itself.
 */
export function instancesOf(pattern: string, variables: Variables, fillers: readonly string[] = []): readonly string[] {
  const text = withVariables(pattern, variables).replaceAll('?', 'x');
  if (!text.includes('*')) return [text];
  const parts = text.split(/\*+/);
  const everywhere = [SAMPLE, ''].map((filler) => parts.join(filler));
  const [first = '', ...rest] = parts;
  const atTheFirst = fillers.map((filler) => `${first}${filler}${rest.join(SAMPLE)}`);
  return [...new Set([...everywhere, ...atTheFirst])];
}

/** Returns whether a pattern with `*` and `?` matches a text. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Returns whether an ARN fits a template of the service's own list, such as `arn:${Partition}:s3:::${BucketName}`. */
export function fitsTemplate(template: string, arn: string): boolean {
  return templatePattern(template).test(arn);
}

const patterns = new Map<string, RegExp>();

function templatePattern(template: string): RegExp {
  const known = patterns.get(template);
  if (known !== undefined) return known;
  const source = template
    .split(/\$\{([^}]+)\}/)
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&');
      if (part === 'ObjectName') return '.+';
      return part === 'Region' || part === 'Account' ? '[^:]*' : '[^:/]+';
    })
    .join('');
  const made = new RegExp(`^${source}$`, 's');
  patterns.set(template, made);
  return made;
}

/** Returns the template of a resource with each part filled in. */
export function filledTemplate(template: string, partition: string, account: string): string {
  const known: Variables = { Partition: partition, Account: account, Region: 'us-west-2' };
  return template.replaceAll(/\$\{([^}]+)\}/g, (_, part: string) => known[part] ?? SAMPLE);
}
