/**
 * Shorter values are not redacted: a Secret that holds `1` would turn every `1` of a log into `***`, and a value that short
 * keeps nothing secret.
 */
export const SHORTEST_SECRET_CHARACTERS = 4;
/** A value of at least this length is also found in hex and inside a longer base64 text. A shorter one occurs there by chance. */
const SHORTEST_INSIDE_BASE64 = 8;

const REDACTED = '***';
const USER_INFO = /\b[a-z][a-z0-9+.-]*:\/\/([^\s/?#@]+)@/gi;

/** Ways in which programs print a variable: a shell, `declare -x`, YAML, JSON, `util.inspect`. */
const ASSIGNMENTS: readonly ((name: string, value: string) => readonly [before: string, value: string])[] = [
  (name, value) => [`${name}=`, value],
  (name, value) => [`${name}="`, value],
  (name, value) => [`${name}='`, value],
  (name, value) => [`${name}: `, value],
  (name, value) => [`${name}: "`, value],
  (name, value) => [`${name}: '`, value],
  (name, value) => [`"${name}":"`, JSON.stringify(value).slice(1, -1)],
  (name, value) => [`"${name}": "`, JSON.stringify(value).slice(1, -1)],
];

/** A text to look for, and what stands in its place. */
interface Hidden {
  readonly text: string;
  readonly replacement: string;
}

/**
 * The secret values of one run, tracked by origin: a value is added by the code that obtained it from credentials, from a
 * Secret or from something declared `secret`. Names of variables decide nothing.
 */
export class Secrets {
  readonly #hidden = new Map<string, Hidden>();
  readonly #public = new Set<string>();
  #index: ReadonlyMap<string, readonly Hidden[]> | undefined;

  /** @param origin where the value came from, for a reader: `Secret ops/backup-key, key id`. */
  add(value: string, _origin: string): void {
    if (value.trim().length < SHORTEST_SECRET_CHARACTERS || this.#public.has(value)) return;
    for (const text of formsOf(value)) this.#hide({ text, replacement: REDACTED });
  }

  /** A value of a Secret's `data`: the text as it stands there, and what it decodes to where that is text. */
  addBase64(encoded: string, origin: string): void {
    const bytes = Buffer.from(encoded, 'base64');
    const decoded = bytes.toString('utf8');
    if (Buffer.from(decoded).equals(bytes)) this.add(decoded, origin);
    if (!this.#public.has(decoded)) this.#hide({ text: encoded, replacement: REDACTED });
  }

  /** The user information of every URL in the text: a password, or a token that stands in its place. */
  addCredentialsOf(text: string, origin: string): void {
    for (const [, userInfo = ''] of text.matchAll(USER_INFO)) {
      const [user = '', ...password] = userInfo.split(':');
      const written = password.length === 0 ? user : password.join(':');
      this.add(written, origin);
      this.add(decodedOf(written), origin);
    }
  }

  /**
   * A value that the harness made for the drill and that keeps nothing secret, such as the name of a bucket: it stays readable, also
   * where a Secret is filled with it. A value that is known to be secret stays secret.
   */
  addPublic(value: string): void {
    if (value === '' || this.foundIn(value)) return;
    this.#public.add(value);
    this.addName(value);
  }

  /** The name of an object. It stays readable although it may contain a secret value, such as a user that an object is named after. */
  addName(name: string): void {
    this.#hide({ text: name, replacement: name });
  }

  /**
   * The value of a variable whose author did not say whether it is secret. It is redacted where a text shows the variable, as a listing
   * of an environment does, and nowhere else: most such values are words that occur everywhere.
   */
  addUndeclared(name: string, value: string): void {
    if (value === '' || this.#public.has(value)) return;
    for (const shown of ASSIGNMENTS) {
      const [before, text] = shown(name, value);
      this.#hide({ text: `${before}${text}`, replacement: `${before}${REDACTED}` });
    }
  }

  /** The text with every secret value replaced by `***`; where one value contains another, the longer one is replaced. */
  redact(text: string): string {
    if (this.#hidden.size === 0 || text.length < SHORTEST_SECRET_CHARACTERS) return text;
    this.#index ??= indexOf(this.#hidden.values());
    let redacted = '';
    let keptFrom = 0;
    for (let at = 0; at + SHORTEST_SECRET_CHARACTERS <= text.length; ) {
      const candidates = this.#index.get(text.slice(at, at + SHORTEST_SECRET_CHARACTERS));
      const found = candidates?.find((hidden) => text.startsWith(hidden.text, at));
      if (found === undefined) {
        at += 1;
        continue;
      }
      redacted += text.slice(keptFrom, at) + found.replacement;
      at += found.text.length;
      keptFrom = at;
    }
    return keptFrom === 0 ? text : redacted + text.slice(keptFrom);
  }

  /** True when the text holds a secret value. */
  foundIn(text: string): boolean {
    return this.redact(text) !== text;
  }

  #hide(hidden: Hidden): void {
    if (hidden.text.length < SHORTEST_SECRET_CHARACTERS || this.#hidden.has(hidden.text)) return;
    this.#hidden.set(hidden.text, hidden);
    this.#index = undefined;
  }
}

/** By their first characters, the longest first. A pattern of all of them would try each one at every place of a text. */
function indexOf(all: Iterable<Hidden>): ReadonlyMap<string, readonly Hidden[]> {
  const index = new Map<string, Hidden[]>();
  for (const hidden of all) {
    const start = hidden.text.slice(0, SHORTEST_SECRET_CHARACTERS);
    const same = index.get(start);
    if (same === undefined) index.set(start, [hidden]);
    else same.push(hidden);
  }
  for (const same of index.values()) same.sort((one, other) => other.text.length - one.text.length);
  return index;
}

/** A value as it may appear in a text: as it is, line by line (a key in PEM), in base64, in hex, in a URL and in JSON. */
function formsOf(value: string): Set<string> {
  const trimmed = value.trim();
  const forms = new Set([value, trimmed]);
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim());
  if (lines.length > 1) for (const line of lines) if (isSecretLine(line)) forms.add(line);
  for (const text of [value, trimmed]) {
    for (const form of base64FormsOf(text)) forms.add(form);
    const hex = Buffer.from(text).toString('hex');
    if (text.length >= SHORTEST_INSIDE_BASE64) for (const form of [hex, hex.toUpperCase()]) forms.add(form);
    const inUrl = encodeURIComponent(text);
    const strict = inUrl.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const inJson = JSON.stringify(text).slice(1, -1);
    // Go escapes these three in JSON (https://pkg.go.dev/encoding/json#Marshal).
    const inJsonOfGo = inJson.replaceAll(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
    for (const form of [inUrl, strict, strict.replaceAll('%20', '+'), inJson, inJsonOfGo]) forms.add(form);
    forms.add(text.replaceAll("'", "'\\''"));
  }
  return forms;
}

/**
 * The value in base64 by itself, and the characters that do not depend on what surrounds it, for each of the three places at which it
 * can begin in a longer text (`user:password`, a file of credentials).
 */
function base64FormsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const whole = bytes.toString('base64');
  const forms = [whole, whole.replace(/=+$/, ''), bytes.toString('base64url')];
  if (bytes.length < SHORTEST_INSIDE_BASE64) return forms;
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    const inside = encoded.slice(first, last);
    forms.push(inside, inside.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

/** Lines that frame a key are the same in every key, and a short line of a file (`[default]`) is no secret. */
const isSecretLine = (line: string): boolean => line.length >= 16 && !line.startsWith('-----');

function decodedOf(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded: a percent sign of its own.
    return text;
  }
}
