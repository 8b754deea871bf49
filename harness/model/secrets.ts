/**
 * Shorter values are not redacted: a Secret that holds `1` would turn every `1` of a log into `***`, and a value that short
 * keeps nothing secret.
 */
export const SHORTEST_SECRET_CHARACTERS = 4;

const REDACTED = '***';

/**
 * The secret values of one drill, tracked by origin: a value is added by the code that obtained it from credentials, from a
 * Secret or from something declared `secret`. Names of variables decide nothing.
 */
export class Secrets {
  readonly #origins = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** @param origin where the value came from, for a reader: `Secret ops/backup-key, key id`. */
  add(value: string, origin: string): void {
    for (const form of formsOf(value)) {
      if (form.length < SHORTEST_SECRET_CHARACTERS || this.#origins.has(form)) continue;
      this.#origins.set(form, origin);
      this.#pattern = undefined;
    }
  }

  /** The text with every secret value replaced by `***`; where one value contains another, the longer one is replaced. */
  redact(text: string): string {
    if (this.#origins.size === 0) return text;
    this.#pattern ??= patternOf(this.#origins.keys());
    return text.replace(this.#pattern, REDACTED);
  }

  /** True when the text holds a secret value. */
  foundIn(text: string): boolean {
    return this.redact(text) !== text;
  }
}

/** A value as it may appear in a text: as it is, line by line (a key in PEM), in base64, in a URL and in JSON. */
function formsOf(value: string): Set<string> {
  const forms = new Set([value, value.trim()]);
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  if (lines.length > 1) for (const line of lines) if (isSecretLine(line)) forms.add(line);
  forms.add(Buffer.from(value).toString('base64'));
  forms.add(encodeURIComponent(value));
  forms.add(JSON.stringify(value).slice(1, -1));
  return forms;
}

/** Lines that frame a key are the same in every key, and a short line of a file (`[default]`) is no secret. */
const isSecretLine = (line: string): boolean => line.length >= 16 && !line.startsWith('-----');

function patternOf(values: Iterable<string>): RegExp {
  const longestFirst = [...values].toSorted((one, other) => other.length - one.length);
  return new RegExp(longestFirst.map((value) => escaped(value)).join('|'), 'g');
}

/** `RegExp.escape` needs Node 24; the package runs on Node 22. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
