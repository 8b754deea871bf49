import type { Moment } from '../clock/clock.ts';
import { commonFolder } from './arrival.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

/** `LATEST`, `latest.tar.gz`, `orders-current.json`, `last_successful/`: names that every run writes again. */
const POINTER = /(?:^|[-_. ])(?:latest|current|newest|last)(?=$|[-_. /])/i;

/**
 * Of the objects that one backup wrote, those that only point at it: they are called "latest" or the like, and lie beside the one name or
 * folder that says when the backup was made. Each backup writes them again, so they are no part of a recovery point. Empty where no name
 * beside them says the time: a mirror may hold a `latest.txt` of its own.
 * @param began, ended Between them the backup ran.
 */
export function sharedPointers(
  written: readonly string[],
  { began, ended }: { readonly began: Moment; readonly ended: Moment },
): ReadonlySet<string> {
  const folder = commonFolder(written);
  const entries = Map.groupBy(written, (key) => entryBelow(folder, key));
  const [own, ...more] = [...entries.keys()].filter((entry) => !POINTER.test(entry) || saysWhen(entry, began, ended));
  if (own === undefined || more.length > 0 || !saysWhen(own, began, ended)) return new Set();
  return new Set([...entries].flatMap(([entry, keys]) => (entry === own ? [] : keys)));
}

/** The name of a file or of a folder, the latter with its slash. */
function entryBelow(folder: string, key: string): string {
  const below = key.slice(folder.length);
  const slash = below.indexOf('/');
  return slash === -1 ? below : below.slice(0, slash + 1);
}

/** Whether a name holds the day of the backup in any time zone, or a moment of it in Unix time. */
function saysWhen(name: string, began: Moment, ended: Moment): boolean {
  const [beganMs, endedMs] = [Date.parse(began.utc), Date.parse(ended.utc)];
  const digits = name.replace(/(?<=\d)[-_.:](?=\d)/g, '');
  const days = [beganMs - DAY_MS, beganMs, endedMs, endedMs + DAY_MS].flatMap((ms) => {
    const [year = '', month = '', day = ''] = new Date(ms).toISOString().slice(0, 10).split('-');
    return [`${year}${month}${day}`, `${day}${month}${year}`, `${month}${day}${year}`];
  });
  if (days.some((day) => digits.includes(day))) return true;
  return [...name.matchAll(/(?<!\d)(?:\d{10}|\d{13})(?!\d)/g)].some(([number]) => {
    const ms = number.length === 10 ? Number(number) * SECOND_MS : Number(number);
    return ms >= beganMs - SECOND_MS && ms <= endedMs + SECOND_MS;
  });
}
