import type { CronFields } from './cron-expression.ts';
import type { TimeZone } from './day-schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Years after which robfig/cron v3 decides that a schedule never fires. */
const YEARS_SEARCHED = 5;

/** Wall-clock time at an instant. */
interface Wall {
  readonly year: number;
  /** Month from 0, as in Date. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

/**
 * Returns the first firing after an instant, by the algorithm of robfig/cron v3 (SpecSchedule.Next), with changes of the clock: a skipped
 * time does not fire on that day, and a repeated time fires twice. A change by half an hour or at midnight drops firings that a reader of
 * the expression would expect. Undefined when there is no firing within five years.
 */
export function nextFiring(schedule: CronFields, afterMs: number, zone: TimeZone): number | undefined {
  const { minute, hour, month } = schedule;
  const search = new Search(zone, Math.floor(afterMs / 1_000) * 1_000 + 1_000);
  const lastYear = search.wall.year + YEARS_SEARCHED;
  for (;;) {
    if (search.wall.year > lastYear) return undefined;
    if (!month.matches(search.wall.month + 1)) {
      search.move(toNextMonth);
      continue;
    }
    if (
      search.forward(
        (wall) => isDay(schedule, wall),
        toNextDay,
        ({ day }) => day === 1,
      )
    )
      continue;
    if (
      search.forward(
        ({ hour: now }) => hour.matches(now),
        toNextHour,
        ({ hour: now }) => now === 0,
      )
    )
      continue;
    if (
      search.forward(
        ({ minute: now }) => minute.matches(now),
        toNextMinute,
        ({ minute: now }) => now === 0,
      )
    )
      continue;
    if (search.atMs % MINUTE_MS === 0) return search.atMs;
    search.atMs = Math.ceil(search.atMs / MINUTE_MS) * MINUTE_MS;
  }
}

/** Returns true if the day matches. Both day fields must match if one of them is a star; otherwise one match is enough. */
function isDay({ dayOfMonth, dayOfWeek }: CronFields, { day, weekday }: Pick<Wall, 'day' | 'weekday'>): boolean {
  const [ofMonth, ofWeek] = [dayOfMonth.matches(day), dayOfWeek.matches(weekday)];
  return dayOfMonth.isStar || dayOfWeek.isStar ? ofMonth && ofWeek : ofMonth || ofWeek;
}

type Move = (search: Search, isFirst: boolean) => void;

const toNextMonth: Move = (search, isFirst) => {
  if (isFirst) search.set(({ year, month }) => Date.UTC(year, month, 1));
  search.set(({ year, month, day, hour, minute }) => Date.UTC(year, month + 1, day, hour, minute));
};

const toNextDay: Move = (search, isFirst) => {
  if (isFirst) search.set(({ year, month, day }) => Date.UTC(year, month, day));
  search.set(({ year, month, day, hour, minute }) => Date.UTC(year, month, day + 1, hour, minute));
  const { hour } = search.wall;
  // If a change of the clock has moved midnight, this is not hour 0.
  search.atMs += (hour > 12 ? 24 - hour : -hour) * HOUR_MS;
};

const toNextHour: Move = (search, isFirst) => {
  if (isFirst) search.set(({ year, month, day, hour }) => Date.UTC(year, month, day, hour));
  search.atMs += HOUR_MS;
};

const toNextMinute: Move = (search) => {
  search.atMs = Math.floor(search.atMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
};

class Search {
  atMs: number;
  readonly #zone: TimeZone;
  /** True once a field has moved. All smaller fields are then at their start. */
  #moved = false;
  #seen: { readonly atMs: number; readonly wall: Wall } | undefined;

  constructor(zone: TimeZone, atMs: number) {
    this.#zone = zone;
    this.atMs = atMs;
  }

  get wall(): Wall {
    if (this.#seen?.atMs !== this.atMs) this.#seen = { atMs: this.atMs, wall: this.#look() };
    return this.#seen.wall;
  }

  #look(): Wall {
    const wall = new Date(this.atMs + this.#zone.offsetMs(this.atMs));
    return {
      year: wall.getUTCFullYear(),
      month: wall.getUTCMonth(),
      day: wall.getUTCDate(),
      hour: wall.getUTCHours(),
      minute: wall.getUTCMinutes(),
      weekday: wall.getUTCDay(),
    };
  }

  set(wallMs: (now: Wall) => number): void {
    this.atMs = this.#zone.instantOf(wallMs(this.wall));
  }

  move(move: Move): void {
    move(this, !this.#moved);
    this.#moved = true;
  }

  /** Moves on until the field matches. Returns true when the field wrapped around, so all fields have to be checked again. */
  forward(matches: (wall: Wall) => boolean, move: Move, isRound: (wall: Wall) => boolean): boolean {
    while (!matches(this.wall)) {
      this.move(move);
      if (isRound(this.wall)) return true;
    }
    return false;
  }
}
