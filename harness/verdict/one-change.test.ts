import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { causes } from '../model/causes.ts';
import { postureRecordSchema } from '../model/posture.ts';
import { drillRecordSchema } from '../model/record.ts';
import { judge } from './judge.ts';
import { judgePosture } from './posture.ts';
import { type ChangeAt, changesOf } from './testing/changes.ts';
import { drillPlaces, posturePlaces, type WithoutVerdict } from './testing/without-verdict.ts';

// Records of real runs, see testing/keep-records.ts.
const folder = new URL('testing/records/', import.meta.url);
const kept = z.object({ drills: z.array(z.unknown()), postures: z.array(postureRecordSchema) });
const runs = readdirSync(folder).map((name) => ({
  target: name.slice(0, name.indexOf('.')),
  ...kept.parse(JSON.parse(gunzipSync(readFileSync(new URL(name, folder))).toString('utf8'))),
}));
const drills = runs.flatMap((run) => run.drills);
/** Posture records with one check each, so no check hides behind the others. */
const postures = runs.flatMap((run) =>
  run.postures.flatMap((posture) =>
    posture.checks.map((check) => ({ ...posture, checks: [check], expectedChecks: [check.name] })),
  ),
);

const TIMES = 3;

interface Outcome {
  readonly tried: number;
  readonly accepted: number;
  readonly met: readonly ChangeAt[];
}

/** Changes every field of every record, and judges the results that the schema still accepts. */
function changeEverything(records: readonly unknown[], verdictOf: (changed: unknown) => string | undefined): Outcome {
  let [tried, accepted] = [0, 0];
  const met: ChangeAt[] = [];
  for (const record of records) {
    for (const change of changesOf(record, TIMES)) {
      tried += 1;
      const verdict = verdictOf(change.changed);
      if (verdict === undefined) continue;
      accepted += 1;
      if (verdict === 'met') met.push({ ...change, changed: undefined });
    }
  }
  return { tried, accepted, met };
}

/** Findings that are not met and have no cause of the published list. */
const withoutCause = new Set<string>();
const noteCause = ({ name, verdict, cause }: { name: string; verdict: string; cause?: string | undefined }): void => {
  if (verdict !== 'met' && !(cause !== undefined && cause in causes)) withoutCause.add(`${name} ${verdict}: ${cause}`);
  if (verdict === 'met' && cause !== undefined) withoutCause.add(`${name} met: ${cause}`);
};

function drillVerdict(changed: unknown): string | undefined {
  const parsed = drillRecordSchema.safeParse(changed);
  if (!parsed.success) return undefined;
  const { verdict, findings } = judge(parsed.data);
  for (const finding of findings) noteCause(finding);
  return verdict;
}

function postureVerdict(changed: unknown): string | undefined {
  const parsed = postureRecordSchema.safeParse(changed);
  if (!parsed.success) return undefined;
  const { verdict, checks } = judgePosture(parsed.data);
  for (const check of checks) noteCause(check);
  return verdict;
}

const allows = (
  { path, changes }: WithoutVerdict,
  { path: changed, change }: Pick<ChangeAt, 'path' | 'change'>,
): boolean => {
  const stem = path.endsWith('.**') ? path.slice(0, -3) : undefined;
  const isThere =
    stem === undefined
      ? changed === path
      : changed === stem || (/^[.[]/.test(changed.replace(stem, '')) && changed.startsWith(stem));
  return isThere && (changes === undefined || changes.includes(change));
};

function print(kind: string, { tried, accepted, met }: Outcome): void {
  const byPath = new Map<string, number>();
  for (const { path, change } of met) byPath.set(`${path} ${change}`, (byPath.get(`${path} ${change}`) ?? 0) + 1);
  process.stdout.write(
    `${kind}: ${tried} changes tried, ${accepted} fit the schema, ${met.length} are still met, at ${byPath.size} places\n`,
  );
  if (process.env['DR_CONTRACTS_PRINT_PLACES'] === undefined) return;
  for (const [place, count] of [...byPath].toSorted()) process.stdout.write(`  ${count} ${place}\n`);
}

describe.each([
  { kind: 'drill records', records: drills, verdictOf: drillVerdict, places: drillPlaces },
  { kind: 'posture records', records: postures, verdictOf: postureVerdict, places: posturePlaces },
])('$kind that are met', ({ kind, records, verdictOf, places }) => {
  const outcome = changeEverything(records, verdictOf);

  it('are met as they are', () => {
    print(kind, outcome);
    expect(records.length).toBeGreaterThan(10);
    expect(new Set(records.map(verdictOf))).toEqual(new Set(['met']));
  });

  it('R01 to R12: are no longer met when one field is changed, but for those on which no verdict rests', () => {
    const resting = outcome.met.filter((change) => !places.some((place) => allows(place, change)));
    expect([...new Set(resting.map(({ path, change }) => `${path}: ${change}`))]).toEqual([]);
  });

  it('leave no place on the list that no change reaches', () => {
    const idle = places.filter((place) => !outcome.met.some((change) => allows(place, change)));
    expect(idle.map(({ path, changes }) => `${path}: ${changes?.join(', ') ?? 'any'}`)).toEqual([]);
  });

  it('have a cause of the published list in every finding that is no longer met, and none in the others', () => {
    expect(outcome.tried).toBeGreaterThan(1_000);
    expect([...withoutCause]).toEqual([]);
  });
});
