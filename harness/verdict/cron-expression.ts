// The grammar of robfig/cron v3 (ParseStandard). Kubernetes uses it for the schedule of a CronJob, Velero for that of a Schedule. A test
// compares this code with that library.

/** Matching values of one field. */
interface CronField {
  readonly matches: (value: number) => boolean;
  /** True for `*` or `?`. Day of month and day of week must then both match; otherwise one of them is enough. */
  readonly isStar: boolean;
}

export interface CronFields {
  readonly kind: 'fields';
  readonly minute: CronField;
  readonly hour: CronField;
  readonly dayOfMonth: CronField;
  readonly month: CronField;
  readonly dayOfWeek: CronField;
  /** Time zone from `TZ=` or `CRON_TZ=`. It overrides any other. */
  readonly timeZone?: string;
}

export type CronExpression = CronFields | { readonly kind: 'every'; readonly everyMs: number };

interface Bounds {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTE: Bounds = { name: 'minute', min: 0, max: 59 };
const HOUR: Bounds = { name: 'hour', min: 0, max: 23 };
const DAY_OF_MONTH: Bounds = { name: 'day of month', min: 1, max: 31 };
const MONTH: Bounds = { name: 'month', min: 1, max: 12, names: MONTHS };
const DAY_OF_WEEK: Bounds = { name: 'weekday', min: 0, max: 6, names: WEEKDAYS };

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** White space in Go (unicode.IsSpace). */
const SPACES = new Set(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

/** @throws {Error} with the reason, for an expression that Kubernetes and Velero refuse. */
export function parseCron(text: string): CronExpression {
  if (!/^(?:CRON_)?TZ=/.test(text)) return parseWithoutZone(text);
  const zoneEnd = text.indexOf(' ');
  if (zoneEnd === -1) throw new Error('nothing follows its time zone');
  const expression = parseWithoutZone(withoutSpacesAround(text.slice(zoneEnd)));
  return expression.kind === 'every'
    ? expression
    : { ...expression, timeZone: zoneOf(text.slice(text.indexOf('=') + 1, zoneEnd)) };
}

/** Returns the time zone of a name. Go reads an empty name as UTC, and "Local" as the zone of the controller's container, which is UTC. */
const zoneOf = (name: string): string => (name === '' || name === 'Local' ? 'UTC' : name);

function parseWithoutZone(text: string): CronExpression {
  if (text.startsWith('@every ')) return { kind: 'every', everyMs: wholeSeconds(parseGoDurationMs(text.slice(7))) };
  const described = text.startsWith('@') ? DESCRIPTORS[text] : text;
  if (described === undefined)
    throw new Error(`"${text}" is none of ${Object.keys(DESCRIPTORS).join(', ')} and @every`);
  const fields = wordsOf(described);
  if (fields.length !== 5) throw new Error(`it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`);
  const field = (index: number, bounds: Bounds) => parseField(fields[index] ?? '', bounds);
  return {
    kind: 'fields',
    minute: field(0, MINUTE),
    hour: field(1, HOUR),
    dayOfMonth: field(2, DAY_OF_MONTH),
    month: field(3, MONTH),
    dayOfWeek: field(4, DAY_OF_WEEK),
  };
}

/** Parses a list of ranges. Empty ranges are skipped, so "," matches nothing. */
function parseField(text: string, bounds: Bounds): CronField {
  const values = new Set<number>();
  let isStar = false;
  for (const range of text.split(',').filter((each) => each !== '')) {
    const parsed = parseRange(range, bounds);
    isStar ||= parsed.isStar;
    for (let value = parsed.start; value <= parsed.end; value += parsed.step) values.add(value);
  }
  return { matches: (value) => values.has(value), isStar };
}

/** Parses a number, a name, a range of them or a star, each with an optional step: "N/step" goes from N to the end. */
function parseRange(text: string, bounds: Bounds) {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreHyphens] = range.split('-');
  const everything = low === '*' || low === '?';
  // The text behind the hyphen of a star is ignored.
  if (!everything && moreHyphens.length > 0) throw new Error(`"${text}" has too many hyphens`);
  if (moreSteps.length > 0) throw new Error(`"${text}" has too many slashes`);
  const start = everything ? bounds.min : parseValue(low, bounds);
  const written = everything ? bounds.max : high === undefined ? start : parseValue(high, bounds);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  const end = stepText !== undefined && high === undefined ? bounds.max : written;
  if (start < bounds.min || end > bounds.max) {
    throw new Error(`"${text}" is not within ${bounds.min} to ${bounds.max}, as the ${bounds.name} must be`);
  }
  if (start > end) throw new Error(`"${text}" begins after its end`);
  if (step === 0) throw new Error(`"${text}" has a step of zero`);
  return { start, end, step, isStar: everything && step === 1 };
}

function parseValue(text: string, { names = [], min }: Bounds): number {
  const index = names.indexOf(text.toLowerCase());
  return index === -1 ? parseNumber(text) : index + min;
}

/** Parses a number like Go's strconv.Atoi, which accepts a sign and leading zeros. */
function parseNumber(text: string): number {
  if (!/^\+?\d+$/.test(text)) throw new Error(`"${text}" is not a number`);
  const value = Number(text);
  if (BigInt(text) >= 2n ** 63n) throw new Error(`"${text}" is too large`);
  return value;
}

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** Parses a duration like Go's time.ParseDuration, which has no days. */
function parseGoDurationMs(text: string): number {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  const parts = [...unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== unsigned) {
    throw new Error(`"${text}" is not a duration such as 6h or 1h30m`);
  }
  const nanoseconds = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (NANOSECONDS[unit ?? ''] ?? 0), 0);
  if (nanoseconds >= 2 ** 63) throw new Error(`"${text}" is too long`);
  return (text.startsWith('-') ? -1 : 1) * (nanoseconds / 1e6);
}

/** Rounds down to whole seconds, but to one second at least. */
const wholeSeconds = (durationMs: number): number => Math.max(1_000, Math.floor(durationMs / 1_000) * 1_000);

function wordsOf(text: string): readonly string[] {
  const spaced = [...text].map((character) => (SPACES.has(character) ? ' ' : character));
  return spaced
    .join('')
    .split(' ')
    .filter((word) => word !== '');
}

function withoutSpacesAround(text: string): string {
  const characters = [...text];
  const first = characters.findIndex((character) => !SPACES.has(character));
  const last = characters.findLastIndex((character) => !SPACES.has(character));
  return characters.slice(first, last + 1).join('');
}
