import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseCron } from './cron-expression.ts';
import { nextFiring } from './cron-next.ts';
import { TimeZone } from './day-schedule.ts';
import { longestGapMs } from './schedule-gap.ts';
import { timeZoneNames } from './time-zone-names.ts';

// These tests ask robfig/cron v3 and this code the same questions. The answers of robfig/cron are right. The machine's Go builds it from
// testing/robfig.

const DAY_MS = 86_400_000;
const EIGHT_YEARS_MS = (8 * 365 + 3) * DAY_MS;
const fromMs = Date.parse('2026-01-15T00:00:00Z');
const hasGo = spawnSync('go', ['version']).status === 0;
const isCi = (process.env['CI'] ?? '') !== '';

interface Question {
  readonly cron: string;
  readonly timeZone: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly listed: number;
  readonly onlyListed?: boolean;
}
const answerSchema = z.object({
  error: z.string().optional(),
  firingsMs: z.array(z.number()),
  count: z.number(),
  longestMs: z.number(),
});
type Answer = z.infer<typeof answerSchema>;

it('a continuous integration has Go, so that this comparison is never skipped there', () => {
  expect(hasGo || !isCi).toBe(true);
});

describe.skipIf(!hasGo)('robfig/cron v3 and this reader of schedules', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dr-robfig-'));
    const built = spawnSync('go', ['build', '-trimpath', '-o', join(folder, 'robfig'), '.'], {
      cwd: fileURLToPath(new URL('testing/robfig', import.meta.url)),
      env: { ...process.env, CGO_ENABLED: '0' },
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (questions: readonly Question[]): Answer[] => {
    const asked = spawnSync(join(folder, 'robfig'), {
      input: questions.map((question) => `${JSON.stringify(question)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (asked.status !== 0) throw new Error(`robfig: ${asked.stderr}`);
    return asked.stdout
      .trim()
      .split('\n')
      .map((line) => answerSchema.parse(JSON.parse(line)));
  };
  const question = (cron: string, timeZone = 'UTC', listed = 0, days = 1): Question => ({
    cron,
    timeZone,
    fromMs,
    untilMs: fromMs + days * DAY_MS,
    listed,
  });
  const isRead = (cron: string): boolean => {
    try {
      parseCron(cron);
      return true;
    } catch {
      return false;
    }
  };

  it('B9: take and refuse the same expressions', () => {
    const expressions = [
      ...[
        '* * * * *',
        '0 3 * * 7',
        '0 3 * * 0-7',
        '0 0 L * *',
        '0 0 LW * *',
        '0 0 15W * *',
        '0 0 * * 5#2',
        '0 0 * * 5L',
      ],
      ...['+1 * * * *', '-0 * * * *', '-1 * * * *', '5/15 * * * *', '3/10 * * * *', '0/15 * * * *', '0 1/12 * * *'],
      ...[
        '*/90 * * * *',
        '*/0 * * * *',
        '60 * * * *',
        '0 24 * * *',
        '0 0 0 * *',
        '0 0 32 * *',
        '0 0 * 0 *',
        '0 0 * 13 *',
      ],
      ...['? 3 * * *', '? ? ? ? ?', '*-5 * * * *', '*-5/2 * * * *', '?/5 * * * *', '5-3 * * * *', '1-2-3 * * * *'],
      ...['1/2/3 * * * *', '*/ * * * *', '/5 * * * *', ', * * * *', '1,,2 * * * *', ',1 * * * *', '1, * * * *'],
      ...['0 0 * jan-mar *', '0 0 * JAN *', '0 0 * january *', '0 0 * * sun', '0 0 * * sat-sun', '0 0 * * Mon-FRI/2'],
      ...['0 0 jan * *', 'mon * * * *', '0 0 * 1-feb *', '007 * * * *', '0x1 * * * *', '1.0 * * * *', '1e1 * * * *'],
      ...[
        '',
        ' ',
        '0 0 * *',
        '0 0 0 * * *',
        ' 0 0 * * * ',
        '0\t0 * * *',
        '0\n0\n*\n*\n*',
        '0\u00a00 * * *',
        '0\ufeff0 * * *',
      ],
      ...[
        '@yearly',
        '@annually',
        '@monthly',
        '@weekly',
        '@daily',
        '@midnight',
        '@hourly',
        '@Daily',
        '@daily ',
        ' @daily',
      ],
      ...['@reboot', '@', '@every', '@every ', '@every 1h', '@every 1h30m', '@every 90m', '@every 1d', '@every -1h'],
      ...[
        '@every +1h',
        '@every 0',
        '@every 0s',
        '@every .5h',
        '@every 1.h',
        '@every .h',
        '@every 1h 1m',
        '@every 1',
        '@every 1ns',
      ],
      ...['@every 3000000h', '@every 1µs', '@every 1μs', '@every 1us', '@every 1H', '@every  1h', '@every 9223372036s'],
      ...[
        'TZ=UTC 0 3 * * *',
        'CRON_TZ=Europe/Berlin 0 3 * * *',
        'TZ=UTC',
        'TZ= 0 3 * * *',
        'TZ=Mars/Olympus 0 3 * * *',
      ],
      ...[
        'TZ=UTC @daily',
        'TZ=UTC  0 3 * * *',
        'CRON_TZ=UTC @every 1h',
        'tz=UTC 0 3 * * *',
        'TZ=europe/berlin 0 3 * * *',
      ],
      ...[
        '99999999999999999999 * * * *',
        '*/9223372036854775807 * * * *',
        '*/9223372036854775808 * * * *',
        '* * * * *\u0085',
      ],
    ];
    const answers = ask(expressions.map((cron) => question(cron)));
    const theirs = expressions.filter((_, index) => answers[index]?.error === undefined);
    // Another test compares the known zones.
    expect(expressions.filter((cron) => isRead(cron) && !/^TZ=(Mars|europe)/.test(cron))).toEqual(theirs);
  });

  it('B9: take and refuse the same of whatever is thrown at them', () => {
    const piece = fc.constantFrom(
      ...'0123456789*?/-,+#LW '.split(''),
      'mon',
      'JAN',
      'sun',
      '10',
      '59',
      '@every ',
      'h',
      'm',
    );
    const field = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const expression = fc.array(field, { minLength: 4, maxLength: 6 }).map((fields) => fields.join(' '));
    const expressions = fc.sample(expression, { numRuns: 4_000, seed: 9 });
    const oneOdd = fc
      .sample(fc.tuple(field, fc.integer({ min: 0, max: 4 })), { numRuns: 4_000, seed: 10 })
      .map(([odd, at]) => ['*', '*', '*', '*', '*'].with(at, odd).join(' '));
    const all = [...expressions, ...oneOdd];
    const answers = ask(all.map((cron) => question(cron)));
    const taken = all.filter((_, index) => answers[index]?.error === undefined);
    expect(taken.length).toBeGreaterThan(400);
    expect(all.filter(isRead)).toEqual(taken);
  });

  it('B9: know the same time zones', () => {
    const names = [...timeZoneNames, 'europe/berlin', 'EUROPE/BERLIN', '+01:00', 'Mars/Olympus', 'utc', 'PST', 'EST'];
    const answers = ask(names.map((timeZone) => question('0 3 * * *', timeZone)));
    expect(names.filter((name) => timeZoneNames.has(name))).toEqual(
      names.filter((_, index) => answers[index]?.error === undefined),
    );
  });

  // Zones with stable rules, because Node and Go have time-zone data of different months.
  const zones = [
    ...['UTC', 'Europe/Berlin', 'Europe/London', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe'],
    ...['America/Santiago', 'Asia/Beirut', 'Africa/Cairo', 'America/Havana', 'Antarctica/Troll'],
    ...['Asia/Kathmandu', 'Pacific/Chatham', 'America/Asuncion', 'Asia/Gaza', 'America/St_Johns', 'Atlantic/Azores'],
  ];

  it('B9: fire at the same instants, changes of the clock included', () => {
    const crons = [
      '30 2 * * *',
      '0 0 * * *',
      '15 5 * * *',
      '*/30 * * * *',
      '0 3 1 * *',
      '0 0 * * 0',
      '30 1 1-7 * 1',
      '5/15 1/3 */2 * mon-fri',
    ];
    const from = Date.parse('2026-03-01T00:00:00Z');
    const questions = zones.flatMap((timeZone) =>
      crons.map((cron) => ({ cron, timeZone, fromMs: from, untilMs: from + 260 * DAY_MS, listed: 20_000 })),
    );
    const answers = ask(questions);
    for (const [index, { cron, timeZone, untilMs }] of questions.entries()) {
      const parsed = parseCron(cron);
      if (parsed.kind !== 'fields') throw new Error(`${cron} has no fields`);
      const zone = new TimeZone(timeZone, from - DAY_MS, untilMs + 6 * 366 * DAY_MS);
      const firings: number[] = [];
      let at: number | undefined = nextFiring(parsed, from, zone);
      for (; at !== undefined && at < untilMs; at = nextFiring(parsed, at, zone)) firings.push(at);
      expect({ cron, timeZone, firings }).toEqual({ cron, timeZone, firings: answers[index]?.firingsMs });
    }
  }, 600_000);

  it('C05, C06: read 10,000 random expressions in random time zones alike, and fire alike from random instants on', () => {
    const all = [...timeZoneNames];
    const part = (low: number, high: number, names: readonly string[] = []) => {
      const value = fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: low, max: high }).map(String) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: high + 3 }).map(String) },
        ...(names.length === 0 ? [] : [{ weight: 3, arbitrary: fc.constantFrom(...names) }]),
      );
      const range = fc.tuple(value, value).map((ends) => ends.join('-'));
      const step = fc.integer({ min: 1, max: high + 5 }).map((count) => `/${count}`);
      const stepped = fc.tuple(fc.oneof(fc.constantFrom('*', '?'), value, range), step).map((parts) => parts.join(''));
      const one = fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom('*', '?') },
        { weight: 8, arbitrary: value },
        { weight: 2, arbitrary: range },
        { weight: 3, arbitrary: stepped },
        { weight: 1, arbitrary: fc.constantFrom('L', '5#2', '15W', '', '+3', '-1', '00', 'H') },
      );
      return fc.array(one, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(','));
    };
    const fields = fc
      .tuple(
        part(0, 59),
        part(0, 23),
        part(1, 31),
        part(1, 12, ['jan', 'FEB', 'Dec']),
        part(0, 6, ['sun', 'MON', 'Sat']),
      )
      .map((parts) => parts.join(' '));
    const every = fc.constantFrom(
      '@every 6h',
      '@every 90m',
      '@daily',
      '@weekly',
      '@hourly',
      '@monthly',
      '@every 1d',
      '@yearly',
    );
    const zone = fc.constantFrom(...all);
    const expression = fc.oneof(
      { weight: 12, arbitrary: fields },
      { weight: 1, arbitrary: every },
      { weight: 1, arbitrary: fc.tuple(zone, fields).map(([name, cron]) => `CRON_TZ=${name} ${cron}`) },
    );
    // Past changes are the same in the time-zone data of Go and of Node.
    const [earliest, until] = [Date.parse('2012-01-01T00:00:00Z'), Date.parse('2025-01-01T00:00:00Z')];
    const minutes = (until - earliest) / 60_000 - 1;
    const instant = fc.integer({ min: 0, max: minutes }).map((count) => earliest + count * 60_000 + 17_000);
    const asked = fc
      .sample(fc.tuple(expression, zone, instant), { numRuns: 10_000, seed: 12 })
      .map(([cron, timeZone, atMs]) => ({ cron, timeZone, fromMs: atMs, untilMs: until, listed: 4, onlyListed: true }));
    const answers = ask(asked);
    const zonesByName = new Map<string, TimeZone>();
    const zoneOf = (name: string): TimeZone => {
      const known = zonesByName.get(name) ?? new TimeZone(name, earliest, until + 6 * 366 * DAY_MS);
      zonesByName.set(name, known);
      return known;
    };
    const ours = asked.map(({ cron, timeZone, fromMs: atMs }): readonly number[] | 'refused' => {
      if (!isRead(cron)) return 'refused';
      const parsed = parseCron(cron);
      const firings: number[] = [];
      let next: number | undefined = atMs;
      while (firings.length < 4) {
        next =
          parsed.kind === 'every'
            ? Math.floor((next + parsed.everyMs) / 1_000) * 1_000
            : nextFiring(parsed, next, zoneOf(parsed.timeZone ?? timeZone));
        if (next === undefined || next >= until) break;
        firings.push(next);
      }
      return firings;
    });
    const theirs = answers.map(({ error, firingsMs }) => (error === undefined ? firingsMs : 'refused'));
    expect(theirs.filter((each) => each !== 'refused').length).toBeGreaterThan(4_000);
    const different = asked.flatMap((each, index) =>
      JSON.stringify(ours[index]) === JSON.stringify(theirs[index])
        ? []
        : [{ ...each, ours: ours[index], theirs: theirs[index] }],
    );
    expect(different.slice(0, 5)).toEqual([]);
  }, 600_000);

  it('B9: have the same longest gap in eight years', () => {
    const fields = fc.tuple(
      fc.constantFrom('0', '30', '*/7', '5,50', '3/10', '*/90', '?'),
      fc.constantFrom('*', '*/5', '0', '2', '3', '1/12', '8-17', '23'),
      fc.constantFrom('*', '*', '*', '1', '31', '*/2', '29', '10-20'),
      fc.constantFrom('*', '*', '*', '*', '2', '3,10'),
      fc.constantFrom('*', '*', '*', '1-5', '0', 'sat', '*/2'),
    );
    const sampled = fc.sample(fc.tuple(fields, fc.constantFrom(...zones)), { numRuns: 60, seed: 11 });
    const wellKnown = zones.flatMap((zone) =>
      ['0 3 * * *', '30 2 * * *', '0 0 * * *', '@weekly', '@monthly', '15 5 * * *'].map(
        (cron) => [cron, zone] as const,
      ),
    );
    const asked = [...sampled.map(([parts, zone]) => [parts.join(' '), zone] as const), ...wellKnown];
    const answers = ask(
      asked.map(([cron, timeZone]) => ({
        cron,
        timeZone,
        fromMs: fromMs - 1,
        untilMs: fromMs + EIGHT_YEARS_MS,
        listed: 0,
      })),
    );
    for (const [index, [cron, timeZone]] of asked.entries()) {
      const theirs = answers[index];
      if (theirs === undefined || theirs.error !== undefined || theirs.count < 2) continue;
      const gapMs = longestGapMs({ cron, timeZone }, new Date(fromMs));
      expect({ cron, timeZone, gapMs }).toEqual({ cron, timeZone, gapMs: theirs.longestMs });
    }
  }, 900_000);

  it.each(['1h', '6h', '96h', '1h30m', '1500ms', '10ns', '-5m', '0'])(
    'B9: "@every %s" has its interval as its gap',
    (every) => {
      const cron = `@every ${every}`;
      const [theirs] = ask([{ cron, timeZone: 'UTC', fromMs, untilMs: fromMs + 20 * DAY_MS, listed: 0 }]);
      expect(longestGapMs({ cron, timeZone: 'UTC' }, new Date(fromMs))).toBe(theirs?.longestMs);
    },
  );
});
