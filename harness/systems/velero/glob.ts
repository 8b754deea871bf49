/**
 * A pattern as Velero reads it in lists of namespaces and of resource types (github.com/gobwas/glob without separators): `*`, `?`,
 * `[abc]`, `[a-z]`, `[!a]`, `{a,b}` and `\` before a character that stands for itself.
 * @returns undefined for a pattern that Velero cannot read.
 */
export function compileGlob(pattern: string): RegExp | undefined {
  const read = new GlobReader(pattern);
  const source = read.sequence(false);
  return source === undefined ? undefined : new RegExp(`^(?:${source})$`, 'su');
}

class GlobReader {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  sequence(isInTerms: boolean): string | undefined {
    let source = '';
    for (; this.#at < this.#characters.length; ) {
      const character = this.#characters[this.#at] ?? '';
      if (isInTerms && (character === ',' || character === '}')) return source;
      this.#at += 1;
      const part = this.#part(character);
      if (part === undefined) return undefined;
      source += part;
    }
    return source;
  }

  #part(character: string): string | undefined {
    if (character === '*') return '.*';
    if (character === '?') return '.';
    if (character === '[') return this.#range();
    if (character === '{') return this.#terms();
    return escaped(character === '\\' ? this.#next() : character);
  }

  #terms(): string | undefined {
    const alternatives: string[] = [];
    for (;;) {
      const one = this.sequence(true);
      if (one === undefined) return undefined;
      alternatives.push(one);
      // An end of the pattern closes them too.
      if (this.#next() !== ',') return `(?:${alternatives.join('|')})`;
    }
  }

  #range(): string | undefined {
    const isNot = this.#characters[this.#at] === '!';
    if (isNot) this.#at += 1;
    const [first = '', between, last = ''] = this.#characters.slice(this.#at, this.#at + 3);
    if (between === '-') {
      this.#at += 3;
      const isOrdered = (last.codePointAt(0) ?? 0) >= (first.codePointAt(0) ?? 0);
      return this.#next() === ']' && isOrdered ? classOf(`${escaped(first)}-${escaped(last)}`, isNot) : undefined;
    }
    let listed = '';
    for (let character = this.#next(); character !== ']'; character = this.#next()) {
      if (character === '') return undefined;
      listed += escaped(character === '\\' ? this.#next() : character);
    }
    return listed === '' ? undefined : classOf(listed, isNot);
  }

  /** The next character; an empty text at the end. */
  #next(): string {
    const character = this.#characters[this.#at] ?? '';
    this.#at += 1;
    return character;
  }
}

const classOf = (characters: string, isNot: boolean): string => `[${isNot ? '^' : ''}${characters}]`;

/** By its code point: the same inside and outside of a class. */
const escaped = (character: string): string =>
  /^[a-z0-9]?$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
