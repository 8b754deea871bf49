import type { ListedObject } from '../model/backup-store.ts';
import type { RecoveryPoint } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { type Arrival, arrivalOf, isAsBefore } from './arrival.ts';

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** What lies at a destination before and after the second backup of a drill, and what is new of it. */
export interface SecondRun {
  readonly before: ReadonlyMap<string, ListedObject>;
  readonly after: ReadonlyMap<string, ListedObject>;
  readonly fresh: Arrival;
}

/** A recovery point of a second backup, and why the earlier one cannot be restored any more, where it cannot. */
export type SecondArrival = Arrival & { readonly replacesEarlier?: string };

/**
 * Tells a second recovery point beside the first from a first one that was renewed. A mirror, a repository and an archive of one name are
 * renewed: the recovery point is then everything that lies there.
 */
export function secondArrival(
  { before, after, fresh }: SecondRun,
  earlier: RecoveryPoint,
  bucketUrl: string,
): SecondArrival {
  const replacesEarlier = whyGone({ before, after, fresh }, earlier.location);
  if (replacesEarlier === undefined) return fresh;
  return { ...(arrivalOf(new Map(), after, bucketUrl) ?? fresh), replacesEarlier };
}

function whyGone({ before, after, fresh }: SecondRun, earlier: string): string | undefined {
  const touched = [...before.values()].filter((object) => !isAsBefore(object, after.get(object.key)));
  const [renewed, ...more] = touched.filter(({ key }) => after.has(key));
  if (renewed !== undefined) {
    if (more.length + 1 === before.size) return 'the second backup wrote over the first one';
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `the second backup wrote over ${nameOf(renewed)}${others}, which the first one had left`;
  }
  if (touched.length > 0) return 'the second backup removed the first one';
  return isInside(fresh.location, earlier) || isInside(earlier, fresh.location)
    ? `both lie in the same place, ${earlier}`
    : undefined;
}

const nameOf = ({ key }: ListedObject): string => key.slice(key.lastIndexOf('/') + 1);

const isInside = (location: string, folder: string): boolean => folder.endsWith('/') && location.startsWith(folder);

/**
 * Waits until a name that is made of the time is another one than that of the first backup: until the next second, and until the next
 * minute where the first name holds the minute and not the second. In production a schedule never starts two backups in one minute.
 */
export async function untilAnotherName(earlier: RecoveryPoint, { clock, signal, progress }: Step): Promise<void> {
  const named = endsInMinute(earlier.location, earlier.captureBegan.utc, earlier.durable.utc);
  const unitMs = named ? MINUTE_MS : SECOND_MS;
  const unitOf = (utc: string) => Math.floor(Date.parse(utc) / unitMs);
  const last = unitOf(earlier.durable.utc);
  if (named && unitOf(clock.now().utc) <= last) progress('waiting for the next minute: backups are named by it');
  await waitFor(
    {
      for: `the ${named ? 'minute' : 'second'} after the first backup`,
      budgetMs: unitMs + SECOND_MS,
      look: async () => {
        const { utc } = clock.now();
        return unitOf(utc) > last ? arrived(undefined) : notYet(utc);
      },
    },
    clock,
    signal,
  );
}

/**
 * Whether a name says at which minute it was made, and not at which second: `orders-202611281203`, `orders-28-11-2026-12-3`. A number
 * behind the minute is the second only where it can be: an extension (`.tar.bz2`), a counter (`-1`) and a version (`.v2`) are none.
 * @param beganUtc, endedUtc Between them the name was made.
 */
function endsInMinute(name: string, beganUtc: string, endedUtc: string): boolean {
  const groups = [...name.replace(EXTENSIONS, '').matchAll(/\d+/g)].map(([digits]) => digits);
  const spanS = Math.floor(Date.parse(endedUtc) / SECOND_MS) - Math.floor(Date.parse(beganUtc) / SECOND_MS);
  const isSecond = (digits: string | undefined) =>
    digits !== undefined &&
    digits.length <= 2 &&
    (Number(digits) - new Date(beganUtc).getUTCSeconds() + MINUTE_S) % MINUTE_S <= spanS;
  return [beganUtc, endedUtc].some((utc) => {
    const moment = new Date(utc);
    const [hour, minute] = [moment.getUTCHours(), moment.getUTCMinutes()];
    const compact = `${`${hour}`.padStart(2, '0')}${`${minute}`.padStart(2, '0')}`;
    return groups.some((digits, index) => {
      if (isSecond(groups[index + (digits.length <= 2 ? 2 : 1)])) return false;
      if (digits.length >= 4) return digits.endsWith(compact);
      return Number(digits) === hour && Number(groups[index + 1] ?? Number.NaN) === minute;
    });
  });
}

/** `.gz`, `.tar.bz2`, `.7z`, at the end of a name or of a folder's name. */
const EXTENSIONS = /(?:\.(?:[a-z][a-z0-9]*|7z))+(?=\/|$)/gi;
