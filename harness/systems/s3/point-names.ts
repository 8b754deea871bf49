import { ExplainedError } from '../../model/errors.ts';

// Capture time of a recovery point in its name: in the usual formats of backup scripts, or by the author's pattern.

/** A time in a name. A name with only a date has a range: `fromMs` and `untilMs` are a day apart, or an hour if it names one. */
export interface NamedTime {
  readonly fromMs: number;
  readonly untilMs: number;
  /** False if the name has no zone, so that one was assumed. */
  readonly hasZone: boolean;
}

/** Part of a key after its prefix that names a recovery point, with its capture time. */
export interface PointName extends NamedTime {
  /** A folder ends in "/"; every other name is a single object. */
  readonly name: string;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DATE = /(?<year>20\d{2}|19\d{2})(?<between>[-_.]?)(?<month>\d{2})\k<between>(?<day>\d{2})/;
const TIME =
  /(?:[T_. -]|(?<=\d)t)?(?<hour>\d{2})(?<colon>[:_.h-]?)(?<minute>\d{2})(?:m?\k<colon>(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?s?)?(?:[-_ ]?(?<half>[AaPp])[Mm](?![A-Za-z]))?/;
/** A number after a minus sign may be that of an attempt: `-01` is no zone. */
const ZONE =
  /(?<zone>Z|z|[-_ ]?UTC|[-_ ]?GMT|(?<sign>[+-])(?<zoneHour>\d{2}):?(?<zoneMinute>\d{2})|\+(?<eastHour>\d{2}))?/;
/** No digit may be next to it, because account numbers contain dates as well. */
const STAMP = new RegExp(`(?<!\\d)${DATE.source}(?:${TIME.source}${ZONE.source})?(?!\\d)`);
/** `date +%Y%m%d%H`, which has as many digits as seconds since 1970. */
const HOUR = /(?<!\d)(?<year>20\d{2})(?<month>\d{2})(?<day>\d{2})(?<hour>\d{2})(?!\d)/;
/** Seconds or milliseconds since 1970, between 2001 and 2033. Larger numbers are account numbers or similar. */
const EPOCH = /(?<!\d)(?:(?<seconds>1\d{9})|(?<milliseconds>1\d{12}))(?!\d)/;

/** Returns the time in a name; undefined if it contains none, or an impossible one, such as 30 February. */
function timeInName(name: string): NamedTime | undefined {
  const stamp = STAMP.exec(name)?.groups;
  if (stamp !== undefined) return timeOf(stamp);
  const hour = HOUR.exec(name)?.groups;
  const began = hour === undefined ? undefined : timeOf(hour);
  if (began !== undefined) return { ...began, untilMs: began.fromMs + HOUR_MS };
  const { seconds, milliseconds } = EPOCH.exec(name)?.groups ?? {};
  if (seconds === undefined && milliseconds === undefined) return undefined;
  const atMs = seconds === undefined ? Number(milliseconds) : Number(seconds) * 1_000;
  return { fromMs: atMs, untilMs: atMs, hasZone: true };
}

type Groups = Readonly<Record<string, string | undefined>>;

function timeOf(groups: Groups): NamedTime | undefined {
  const { year, month = '01', day = '01', hour, minute = '00', second = '00', fraction = '' } = groups;
  const date = [year, month, day].map(Number);
  const time = [hour ?? 0, minute, second].map(Number);
  const [y = 0, m = 0, d = 0] = date;
  const [written = 0, min = 0, s = 0] = time;
  const { half } = groups;
  if (half !== undefined && (written < 1 || written > 12)) return undefined;
  const h = half === undefined ? written : (written % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  if (h > 23 || min > 59 || s > 59) return undefined;
  const midnight = new Date(Date.UTC(y, m - 1, d));
  // Date would roll over into the next month.
  if (midnight.getUTCMonth() !== m - 1 || midnight.getUTCDate() !== d) return undefined;
  if (hour === undefined) return { fromMs: midnight.getTime(), untilMs: midnight.getTime() + DAY_MS, hasZone: false };
  const { zone, sign, eastHour = '0', zoneHour = eastHour, zoneMinute = '0' } = groups;
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  const fractionMs = Number(fraction.padEnd(3, '0').slice(0, 3));
  const atMs = midnight.getTime() + ((h * 60 + min) * 60 + s) * 1_000 + fractionMs - offsetMs;
  // A name with a time gives an exact instant.
  return { fromMs: atMs, untilMs: atMs, hasZone: zone !== undefined };
}

const CODES: Readonly<Record<string, string>> = {
  Y: '(?<year>\\d{4})',
  m: '(?<month>\\d{2})',
  d: '(?<day>\\d{2})',
  H: '(?<hour>\\d{2})',
  M: '(?<minute>\\d{2})',
  S: '(?<second>\\d{2})',
  N: '(?<fraction>\\d{1,9})',
  z: '(?<zone>Z|(?<sign>[+-])(?<zoneHour>\\d{2}):?(?<zoneMinute>\\d{2}))',
  s: '(?<seconds>\\d{10})',
  '%': '%',
};

/**
 * Parses a pattern such as `orders-%Y-%m-%d.tar.gz` or `%Y/%m/%d`, with the codes of date(1) and `*` for any text without a slash. `%F` and
 * `%T` are short for `%Y-%m-%d` and `%H:%M:%S`.
 * @returns a function that reads a key after its prefix.
 * @throws {ExplainedError} for an unknown code, or a pattern that names no day.
 */
export function readerOfPattern(pattern: string): (key: string) => PointName | undefined {
  const long = pattern.replaceAll('%F', '%Y-%m-%d').replaceAll('%T', '%H:%M:%S');
  const used = [...long.matchAll(/%(.?)/g)].map(([, code = '']) => code);
  const unknown = used.find((code) => !Object.hasOwn(CODES, code));
  const twice = used.find((code, index) => code !== '%' && used.indexOf(code) !== index);
  if (unknown !== undefined) throw wrong(pattern, `%${unknown} is none of them`);
  if (twice !== undefined) throw wrong(pattern, `it has %${twice} twice`);
  if (!used.includes('s') && !['Y', 'm', 'd'].every((code) => used.includes(code)))
    throw wrong(pattern, 'it names no day');
  const folder = long.endsWith('/');
  const source = (folder ? long.slice(0, -1) : long).replaceAll(
    /%(.)|\*|[.+?^${}()|[\]\\]/g,
    (found, code: string | undefined) =>
      code === undefined ? (found === '*' ? '[^/]*' : `\\${found}`) : (CODES[code] ?? ''),
  );
  const expression = new RegExp(`^${source}(?<end>/|$)`);
  return (key) => {
    const match = expression.exec(key);
    const groups = match?.groups;
    if (match === null || groups === undefined || (folder && groups['end'] === '')) return undefined;
    const seconds = groups['seconds'];
    const time =
      seconds === undefined
        ? timeOf(groups)
        : { fromMs: Number(seconds) * 1_000, untilMs: Number(seconds) * 1_000, hasZone: true };
    return time === undefined ? undefined : { name: match[0], ...time };
  };
}

/** Returns the first folder of a key, or the key itself without a folder, with the time in it. */
export function pointNameOf(key: string): PointName | undefined {
  const end = key.indexOf('/');
  const name = end === -1 ? key : key.slice(0, end + 1);
  const time = timeInName(name);
  return time === undefined ? undefined : { name, ...time };
}

function wrong(pattern: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `pattern "${pattern}"`,
    expected: 'the codes %Y %m %d %H %M %S %N %z %s %F %T of date(1), and * for any text without a slash',
    observed,
    nextStep: 'Write it as the backup names its folders or files, such as "orders-%Y-%m-%d.tar.gz" or "%Y/%m/%d/".',
  });
}
