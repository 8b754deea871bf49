import fc from 'fast-check';

// A bucket's bill, found by simulating its objects day by day. It shares no code with the estimate: JavaScript numbers, a list of objects,
// and the rules of the S3 documentation.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GB = 2 ** 30;
const CLASSES = ['STANDARD', 'STANDARD_IA', 'GLACIER'] as const;
type Class = (typeof CLASSES)[number];

interface Move {
  readonly afterDays: number;
  readonly storageClass: Class;
}

interface Rules {
  readonly endings: readonly ({ readonly afterDays: number } | { readonly afterMs: number })[];
  readonly isVersioned: boolean;
  readonly noncurrentDays: number;
  readonly storageClass: Class;
  readonly transitions: readonly Move[];
  readonly noncurrentTransitions: readonly Move[];
  /** Other classes accept no object below 128 KiB from a lifecycle. */
  readonly movesSmallInto: readonly Class[];
}

export interface Setting {
  readonly cron: string;
  /** Firing times in every week, counted from midnight on Sunday. */
  readonly firingsOfWeekMs: readonly number[];
  readonly objectBytes: readonly number[];
  readonly otherBytes: number;
  readonly partBytes: number;
  /** Sizes of versions that each recovery point overwrites at once. */
  readonly overwrittenBytes: readonly number[];
  readonly isReadBack: boolean;
  readonly rules: Rules;
  readonly copy: { readonly rules: Rules; readonly region: 'here' | 'there' } | undefined;
  readonly table: {
    readonly date: string;
    readonly source: string;
    readonly currency: string;
    readonly regions: { readonly here: Prices };
  };
}

interface StoragePrice {
  readonly perGbMonth: number;
  readonly minimumDays: number;
  readonly minimumBytes: number;
  readonly addedBytes: number;
  readonly addedBytesInStandard: number;
  readonly retrievalPerGb: number;
}

interface Prices {
  readonly storage: Readonly<Record<Class, StoragePrice>>;
  readonly requestsPerThousand: Readonly<Record<Class, { readonly put: number; readonly get: number }>>;
  readonly transitionsPerThousand: Readonly<Record<Class, number>>;
  readonly transferPerGb: { readonly there: number };
}

const aPrice = fc.integer({ min: 1, max: 100_000 }).map((units) => units / 1e6);
const storagePrice: fc.Arbitrary<StoragePrice> = fc.record({
  perGbMonth: aPrice,
  minimumDays: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
  minimumBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300_000 })),
  addedBytes: fc.constantFrom(0, 32_768),
  addedBytesInStandard: fc.constantFrom(0, 8_192),
  retrievalPerGb: aPrice,
});
const requestPrice = fc.record({ put: aPrice, get: aPrice });
const ofEach = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<Class, T>> =>
  fc.record({ STANDARD: value, STANDARD_IA: value, GLACIER: value });

const prices: fc.Arbitrary<Prices> = fc.record({
  storage: ofEach(storagePrice),
  requestsPerThousand: ofEach(requestPrice),
  transitionsPerThousand: ofEach(aPrice),
  transferPerGb: fc.record({ there: aPrice }),
});

/** Moves into ever colder classes, each class once, each on a different day. */
const moves = fc
  .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 2 })
  .map((days) => days.toSorted((one, other) => one - other))
  .map((days): Move[] =>
    days.map((afterDays, index) => ({ afterDays, storageClass: index === 0 ? 'STANDARD_IA' : 'GLACIER' })),
  );

const ending = fc.oneof(
  fc.integer({ min: 0, max: 45 }).map((afterDays) => ({ afterDays })),
  fc.integer({ min: 1, max: 45 * 24 }).map((hours) => ({ afterMs: hours * HOUR_MS })),
);

const rules: fc.Arbitrary<Rules> = fc.record({
  endings: fc.array(ending, { minLength: 1, maxLength: 2 }),
  isVersioned: fc.boolean(),
  noncurrentDays: fc.integer({ min: 0, max: 20 }),
  storageClass: fc.constantFrom<Class>('STANDARD', 'STANDARD_IA'),
  transitions: moves,
  movesSmallInto: fc.constantFrom<Class[]>([], ['GLACIER']),
  noncurrentTransitions: fc
    .array(fc.integer({ min: 0, max: 15 }), { maxLength: 1 })
    .map((days): Move[] => days.map((afterDays) => ({ afterDays, storageClass: 'GLACIER' }))),
});

const schedule = fc
  .record({
    minute: fc.integer({ min: 0, max: 59 }),
    hours: fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 6 }),
    weekdays: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }), {
      nil: undefined,
    }),
  })
  .map(({ minute, hours, weekdays }) => ({
    cron: `${minute} ${hours.join(',')} * * ${weekdays?.join(',') ?? '*'}`,
    firingsOfWeekMs: (weekdays ?? [0, 1, 2, 3, 4, 5, 6]).flatMap((weekday) =>
      hours.map((hour) => weekday * DAY_MS + hour * HOUR_MS + minute * 60_000),
    ),
  }));

export const aSetting: fc.Arbitrary<Setting> = fc
  .record({
    schedule,
    objectBytes: fc.array(
      fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 60 * 1_024 ** 2 })),
      { minLength: 1, maxLength: 4 },
    ),
    otherBytes: fc.integer({ min: 0, max: 2 ** 40 }),
    overwrittenBytes: fc.array(fc.integer({ min: 1, max: 20 * 1_024 ** 2 }), { maxLength: 2 }),
    isReadBack: fc.boolean(),
    partBytes: fc.integer({ min: 5 * 1_024 ** 2, max: 16 * 1_024 ** 2 }),
    rules,
    copy: fc.option(fc.record({ rules, region: fc.constantFrom('here' as const, 'there' as const) }), {
      nil: undefined,
    }),
    here: prices,
  })
  .map(({ schedule: made, here, ...setting }) => ({
    ...made,
    ...setting,
    table: { date: '2025-06-01', source: 'made up', currency: 'USD', regions: { here } },
  }));

/** Returns the cost of a month once every object ever made is either deleted or as old as it gets. */
export function simulatedCost({ rules: own, copy, table, otherBytes, ...setting }: Setting): number {
  const { here } = table.regions;
  const weeks = 365 / 7 / 12;
  const others = here.storage.STANDARD;
  const othersBytes = Math.max(otherBytes, others.minimumBytes) + others.addedBytes + others.addedBytesInStandard;
  let perMonth = (othersBytes / GB) * others.perGbMonth;
  perMonth += billOf(setting.objectBytes, setting.firingsOfWeekMs, own, here, false);
  perMonth += billOf(setting.overwrittenBytes, setting.firingsOfWeekMs, own, here, true);
  const points = setting.firingsOfWeekMs.length * weeks;
  const { put, get } = here.requestsPerThousand[own.storageClass];
  const retrieval = here.storage[own.storageClass].retrievalPerGb;
  const partsOf = (bytes: number) => {
    // A part begins with its first byte.
    let parts = 0;
    for (let left = bytes; left > 0; left -= setting.partBytes) parts += 1;
    return parts;
  };
  for (const bytes of [...setting.objectBytes, ...setting.overwrittenBytes]) {
    const parts = partsOf(bytes);
    perMonth += (points * (parts === 1 ? 1 : parts + 2) * put) / 1_000;
  }
  for (const bytes of setting.isReadBack ? setting.objectBytes : []) {
    perMonth += points * (((1 + partsOf(bytes)) * get) / 1_000 + (bytes / GB) * retrieval);
  }
  if (copy === undefined) return perMonth;
  perMonth += billOf(setting.objectBytes, setting.firingsOfWeekMs, copy.rules, here, false);
  for (const bytes of setting.objectBytes) {
    const written = here.requestsPerThousand[copy.rules.storageClass].put;
    perMonth += points * ((written + get) / 1_000 + (bytes / GB) * retrieval);
    if (copy.region === 'there') perMonth += points * (bytes / GB) * here.transferPerGb.there;
  }
  return perMonth;
}

interface Watched {
  readonly bytes: number;
  storageClass: Class;
  /** Time at which it came into its class. */
  sinceMs: number;
  /** Undefined while the object is current. */
  deletedMs: number | undefined;
}

/** Returns storage, early deletion and transitions of one week in the steady state, hour by hour where it matters. */
function billOf(
  objectBytes: readonly number[],
  firingsMs: readonly number[],
  own: Rules,
  here: Prices,
  isOverwritten: boolean,
): number {
  const lastWeek = 24;
  const from = (lastWeek - 1) * 7 * DAY_MS;
  const until = from + 7 * DAY_MS;
  let perWeek = 0;
  let gbMs = 0;
  const pay = (object: Watched, leftMs: number, untilMs: number) => {
    const { perGbMonth, minimumDays, minimumBytes, addedBytes, addedBytesInStandard } =
      here.storage[object.storageClass];
    const paidGb = ((object.bytes < minimumBytes ? minimumBytes : object.bytes) + addedBytes) / GB;
    const stayedMs = Math.max(0, Math.min(untilMs, until) - Math.max(object.sinceMs, from));
    gbMs += paidGb * stayedMs * perGbMonth;
    gbMs += (addedBytesInStandard / GB) * stayedMs * here.storage.STANDARD.perGbMonth;
    // The rest of the minimum time is billed on the day on which the object leaves.
    const lackingMs = minimumDays * DAY_MS - (leftMs - object.sinceMs);
    if (leftMs >= from && leftMs < until && lackingMs > 0) gbMs += paidGb * lackingMs * perGbMonth;
  };
  for (let week = 0; week < lastWeek; week += 1) {
    for (const firingMs of firingsMs) {
      const createdMs = week * 7 * DAY_MS + firingMs;
      for (const bytes of objectBytes) {
        const object: Watched = {
          bytes,
          storageClass: own.storageClass,
          sinceMs: createdMs,
          deletedMs: isOverwritten ? createdMs : undefined,
        };
        watch(object, createdMs, own, {
          moved: (atMs, to) => {
            pay(object, atMs, atMs);
            object.storageClass = to;
            object.sinceMs = atMs;
            if (atMs >= from && atMs < until) perWeek += here.transitionsPerThousand[to] / 1_000;
          },
          gone: (atMs) => pay(object, atMs, atMs),
        });
      }
    }
  }
  const monthsPerWeek = 365 / 7 / 12;
  return perWeek * monthsPerWeek + gbMs / (7 * DAY_MS);
}

/** Steps from midnight to midnight, as the lifecycle does, and applies the rules that are due. */
function watch(
  object: Watched,
  createdMs: number,
  own: Rules,
  tell: { readonly moved: (atMs: number, to: Class) => void; readonly gone: (atMs: number) => void },
): void {
  const goesInto = (to: Class) => object.bytes >= 131_072 || own.movesSmallInto.includes(to);
  const moveWhereDue = (all: readonly Move[], sinceMs: number, nowMs: number) => {
    const move = all.findLast((each) => goesInto(each.storageClass) && isDue(sinceMs, each.afterDays, nowMs));
    if (move !== undefined && CLASSES.indexOf(move.storageClass) > CLASSES.indexOf(object.storageClass)) {
      tell.moved(nowMs, move.storageClass);
    }
  };
  // A ttl ends its life between two midnights.
  const ttlMs = Math.min(...own.endings.map((each) => ('afterMs' in each ? createdMs + each.afterMs : Infinity)));
  let midnightMs = createdMs - (createdMs % DAY_MS);
  for (;;) {
    const previousMs = midnightMs;
    midnightMs += DAY_MS;
    const isEndedByTtl = object.deletedMs === undefined && ttlMs <= midnightMs && ttlMs >= previousMs;
    if (isEndedByTtl && ttlMs < midnightMs) {
      if (!own.isVersioned) {
        tell.gone(ttlMs);
        return;
      }
      object.deletedMs = ttlMs;
    }
    if (object.deletedMs !== undefined && object.deletedMs < midnightMs) {
      if (isDue(object.deletedMs, own.noncurrentDays, midnightMs)) {
        tell.gone(midnightMs);
        return;
      }
      moveWhereDue(own.noncurrentTransitions, object.deletedMs, midnightMs);
      continue;
    }
    const isExpired = own.endings.some((each) => 'afterDays' in each && isDue(createdMs, each.afterDays, midnightMs));
    if (isExpired || isEndedByTtl) {
      if (!own.isVersioned) {
        tell.gone(midnightMs);
        return;
      }
      object.deletedMs = midnightMs;
      continue;
    }
    moveWhereDue(own.transitions, createdMs, midnightMs);
  }
}

/** S3 adds the days and rounds up to the next midnight; a time at midnight itself rounds to the following one. */
function isDue(sinceMs: number, days: number, midnightMs: number): boolean {
  const dueMs = sinceMs + days * DAY_MS;
  return midnightMs > dueMs;
}
