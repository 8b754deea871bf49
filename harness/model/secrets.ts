import { z } from 'zod';
import { ExplainedError, isExplained } from './errors.ts';

/**
 * Length of the shortest redacted value. A Secret that holds `1` would turn every `1` of a log into `***`, and a value that short is no
 * secret.
 */
export const SHORTEST_SECRET_CHARACTERS = 4;
/** Length of the shortest value that is also redacted in hex and inside longer base64 text. A shorter value occurs there by chance. */
const SHORTEST_INSIDE_BASE64 = 8;

const REDACTED = '***';
const USER_INFO = /\b[a-z][a-z0-9+.-]*:\/\/([^\s/?#@]+)@/gi;

/** Forms in which programs print a variable: a shell, `declare -x`, YAML, JSON, `util.inspect`. */
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

/** A text to find, and its replacement. */
interface Hidden {
  readonly text: string;
  readonly replacement: string;
}

/**
 * Secret values of one run, tracked by origin. The code that obtains a value from credentials, from a Secret or from something declared
 * `secret` adds it. Names of variables decide nothing.
 */
export class Secrets {
  readonly #hidden = new Map<string, Hidden>();
  readonly #public = new Set<string>();
  #index: ReadonlyMap<string, readonly Hidden[]> | undefined;

  /** @param origin source of the value, for a reader: `Secret ops/backup-key, key id`. */
  add(value: string, _origin: string): void {
    if (value.trim().length < SHORTEST_SECRET_CHARACTERS || this.#public.has(value)) return;
    for (const text of formsOf(value)) this.#hide({ text, replacement: REDACTED });
  }

  /** Adds a value of a Secret's `data`: the encoded text, and the decoded value if that is text. */
  addBase64(encoded: string, origin: string): void {
    const bytes = Buffer.from(encoded, 'base64');
    const decoded = bytes.toString('utf8');
    if (Buffer.from(decoded).equals(bytes)) this.add(decoded, origin);
    if (!this.#public.has(decoded)) this.#hide({ text: encoded, replacement: REDACTED });
  }

  /** Adds the user information of every URL in the text: the password, or the token in its place. */
  addCredentialsOf(text: string, origin: string): void {
    for (const [, userInfo = ''] of text.matchAll(USER_INFO)) {
      const [user = '', ...password] = userInfo.split(':');
      const written = password.length === 0 ? user : password.join(':');
      this.add(written, origin);
      this.add(decodedOf(written), origin);
    }
  }

  /**
   * Adds a public value that the harness made for the drill, such as the name of a bucket. It stays readable even if a Secret holds it. A
   * value that is already known as secret stays secret.
   */
  addPublic(value: string): void {
    if (value === '' || this.foundIn(value)) return;
    this.#public.add(value);
    this.addName(value);
  }

  /** Adds the name of an object. It stays readable even if it contains a secret value, such as the name of a user. */
  addName(name: string): void {
    this.#hide({ text: name, replacement: name });
  }

  /**
   * Adds the value of a variable whose author did not say whether it is secret. It is redacted only where a text shows the variable, as a
   * listing of an environment does: most such values are words that occur everywhere.
   */
  addUndeclared(name: string, value: string): void {
    if (value === '' || this.#public.has(value)) return;
    for (const shown of ASSIGNMENTS) {
      const [before, text] = shown(name, value);
      this.#hide({ text: `${before}${text}`, replacement: `${before}${REDACTED}` });
    }
  }

  /** Returns the text with `***` in place of every secret value. If one value contains another, the longer one is replaced. */
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

/** Returns the hidden texts by their first characters, the longest first. A single pattern would try each text at every position. */
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

/** Returns the forms of a value in a text: unchanged, line by line (a key in PEM), in base64, in hex, in a URL and in JSON. */
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
 * Returns the base64 forms of the value: by itself, and inside a longer text (`user:password`, a file of credentials). Inside, it can begin
 * at three offsets; each form has only the characters that do not depend on the surrounding text.
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

/** False for lines that frame a key, which are the same in every key, and for short lines of a file (`[default]`). */
const isSecretLine = (line: string): boolean => line.length >= 16 && !line.startsWith('-----');

function decodedOf(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The text is not encoded: it contains a plain percent sign.
    return text;
  }
}

/** Returns the error without secret values in its message. An explained error stays one. */
export function withoutSecrets(error: unknown, secrets: Secrets): unknown {
  if (!isExplained(error) || !secrets.foundIn(error.message)) return error;
  const { thing, expected, observed, nextStep } = error.explanation;
  const redact = (text: string) => secrets.redact(text);
  return new ExplainedError({
    thing: redact(thing),
    expected: redact(expected),
    observed: redact(observed),
    nextStep: redact(nextStep),
  });
}

/** Fields that name a part of the record. Other parts refer to them, or code compares them with fixed words. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  'name',
  'drillId',
  'runId',
  'sessionId',
  'system',
  'target',
  'lane',
  'stage',
  'phase',
  'kind',
  'cron',
  'timeZone',
  'variables',
]);

/**
 * Returns a copy of a record without secret values. Numbers, words of a fixed set, dates and names stay unchanged, so the copy gets the
 * same verdict as the original.
 */
export function redactRecord<T extends z.ZodType>(schema: T, record: z.output<T>, secrets: Secrets): z.output<T> {
  const identifiers = new Set<string>();
  walk(schema, record, '', (text, key) => {
    if (IDENTIFIERS.has(key)) identifiers.add(text);
    return text;
  });
  return walk(schema, record, '', (text) => (identifiers.has(text) ? text : secrets.redact(text))) as z.output<T>;
}

/** Rebuilds the value with every free text replaced. Fields that the schema does not know count as free text. */
function walk(
  schema: z.core.$ZodType | undefined,
  value: unknown,
  key: string,
  replace: (text: string, key: string) => string,
): unknown {
  const known = inner(schema, value);
  if (typeof value === 'string') return isFixed(known) ? value : replace(value, key);
  if (Array.isArray(value)) {
    const element = known instanceof z.ZodArray ? known.element : undefined;
    return value.map((each) => walk(element, each, key, replace));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const field =
        known instanceof z.ZodObject ? known.shape[name] : known instanceof z.ZodRecord ? known.valueType : undefined;
      return [name, walk(field, each, name, replace)];
    }),
  );
}

/** Returns the schema of the value itself; for a union, the first option that fits. */
function inner(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return inner(schema.unwrap(), value);
  }
  if (!(schema instanceof z.ZodUnion)) return schema;
  return inner(
    schema.options.find((option) => z.safeParse(option, value).success),
    value,
  );
}

/** True for one of a fixed set of words, and for a string of a form on which readers of the record rely, such as a date. */
const isFixed = (schema: z.core.$ZodType | undefined): boolean =>
  schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral || schema instanceof z.ZodStringFormat;

/** A value that its author declared secret. The programs of a drill get it; no text or record shows it. */
export class SecretValue {
  readonly #value: string | undefined;

  constructor(value: string | undefined) {
    this.#value = value;
  }

  /** @throws {ExplainedError} when there is no value, because its environment variable is not set. */
  reveal(variable: string): string {
    if (this.#value !== undefined && this.#value !== '') return this.#value;
    throw new ExplainedError({
      thing: `variable ${variable}`,
      expected: 'the value that the contract declares as secret(…)',
      observed: 'it is empty or not set',
      nextStep: 'Set it in the environment in which the drill is started.',
    });
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'secret(***)';
  }
}

/**
 * Declares a value secret: `environment: { GPG_PASSPHRASE: secret(process.env.GPG_PASSPHRASE) }`. The drill's programs get the value; every
 * text and record shows `***` in its place. A missing value fails only the drill that needs it.
 */
export const secret = (value: string | undefined): SecretValue => new SecretValue(value);
