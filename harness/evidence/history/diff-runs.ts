import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { compareText } from '../../model/text.ts';
import { formatDuration, formatSize, KEEPS_NO_DATA } from '../../model/units.ts';
import { promiseKey } from '../entry.ts';
import type { ExportedRun } from '../exports/exported-run.ts';
import { type Figures, type ResultGroup, RUN, resultGroups } from '../exports/result-groups.ts';

/** A difference between two drills below one of these is noise on any machine. */
const NOISE = { fraction: 0.1, leastMs: 1_000 };
/** Loss depends on the moment of the disaster: differences below this share of the objective are noise. */
const LOSS_NOISE_OF_OBJECTIVE = 0.01;

const changeKinds = ['verdict', 'missing', 'new', 'time', 'loss', 'version', 'content', 'promise'] as const;

export interface RunChange {
  readonly kind: (typeof changeKinds)[number];
  /** Null for changes of the whole run. */
  readonly contract: string | null;
  readonly disaster: string | null;
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
  /** True if the change is for the worse, such as a new broken promise; null if unknown. */
  readonly worse: boolean | null;
}

export interface RunDiff {
  readonly a: RunName;
  readonly b: RunName;
  /** Why times were not compared; undefined if they were. */
  readonly timesNotCompared?: string;
  readonly changes: readonly RunChange[];
}

export interface RunName {
  readonly runId: string;
  readonly began: string;
  readonly target: string | null;
  readonly commit: string | null;
}

/** Returns the changes from run `a` to run `b`: verdicts, promises, times beyond noise, versions, and compared content. */
export function diffRuns(a: ExportedRun, b: ExportedRun): RunDiff {
  const before = Map.groupBy(resultGroups(a), keyOf);
  const after = Map.groupBy(resultGroups(b), keyOf);
  const why = whyTimesDiffer(a, b);
  const changes = [...new Set([...before.keys(), ...after.keys()])].toSorted(compareText).flatMap((key) =>
    pairsOf(before.get(key) ?? [], after.get(key) ?? []).flatMap(({ one, other }) => {
      if (one !== undefined && other !== undefined) return groupChanges(one, other, why === undefined);
      if (other !== undefined) return [onlyInSecond(other)];
      return one === undefined ? [] : [onlyInFirst(one)];
    }),
  );
  return {
    a: nameOf(a),
    b: nameOf(b),
    ...(why === undefined ? {} : { timesNotCompared: why }),
    changes: [...changes, ...versionChanges(a, b)],
  };
}

interface Pair {
  readonly one?: ResultGroup | undefined;
  readonly other?: ResultGroup | undefined;
}

/**
 * Pairs the results of two runs. A run may have several results of one name: its failures, mistakes in a file, a disaster that was drilled
 * twice. Equal ones form a pair.
 */
function pairsOf(before: readonly ResultGroup[], after: readonly ResultGroup[]): readonly Pair[] {
  const left = [...after];
  const take = (index: number): ResultGroup | undefined => (index === -1 ? undefined : left.splice(index, 1)[0]);
  const equal = before.map((one) => ({
    one,
    other: take(left.findIndex(({ verdict, sentence }) => verdict === one.verdict && sentence === one.sentence)),
  }));
  const pairs = equal.map(({ one, other }): Pair => ({ one, other: other ?? take(left.length === 0 ? -1 : 0) }));
  return [...pairs, ...left.map((other) => ({ other }))];
}

/** Returns the change for a new result: worse if it is not kept, otherwise unknown. */
const onlyInSecond = (group: ResultGroup): RunChange => ({
  ...placeOf(group),
  kind: 'new',
  what: isKept(group.verdict) ? 'only in the second run' : group.sentence,
  before: null,
  after: group.verdict,
  worse: isKept(group.verdict) ? null : true,
});

/** Returns the change for a missing result: an untested promise is worse, a fault that disappeared is not. */
const onlyInFirst = (group: ResultGroup): RunChange => ({
  ...placeOf(group),
  kind: 'missing',
  what: 'only in the first run',
  before: group.verdict,
  after: null,
  worse: group.disaster !== RUN,
});

const keyOf = ({ contract, disaster }: ResultGroup): string => promiseKey(contract, disaster);
const placeOf = ({ contract, disaster }: ResultGroup) => ({ contract, disaster });
const nameOf = ({ runId, began, target, commit }: ExportedRun): RunName => ({ runId, began, target, commit });

/** Returns why times cannot be compared: other machines, targets or measurement versions. */
function whyTimesDiffer(a: ExportedRun, b: ExportedRun): string | undefined {
  if (a.measurementVersion !== null && b.measurementVersion !== null && a.measurementVersion !== b.measurementVersion) {
    return `they were measured by versions ${a.measurementVersion} and ${b.measurementVersion}`;
  }
  if (a.target !== b.target) return `the targets are ${a.target} and ${b.target}`;
  return undefined;
}

function groupChanges(a: ResultGroup, b: ResultGroup, compareTimes: boolean): readonly RunChange[] {
  const place = placeOf(a);
  const changes: RunChange[] = [];
  if (a.verdict !== b.verdict) {
    const worse = RANK[b.verdict] > RANK[a.verdict];
    changes.push({ ...place, kind: 'verdict', what: b.sentence, before: a.verdict, after: b.verdict, worse });
  }
  // A result without a drill has no objective, so its changes are unknown.
  if (a.drill === null || b.drill === null) return changes;
  for (const [what, before, after] of [
    ['RTO', told(a.figures.rtoMs), told(b.figures.rtoMs)],
    ['RPO', toldRpo(a.figures), toldRpo(b.figures)],
  ] as const) {
    if (before === after) continue;
    changes.push({ ...place, kind: 'promise', what, before, after, worse: null });
  }
  const isSameMachine = machineOf(a.drill) === machineOf(b.drill);
  if (compareTimes && isSameMachine) {
    const isKnown = !a.figures.rtaIsLowerBound && !b.figures.rtaIsLowerBound;
    if (isKnown) changes.push(...timeChange(place, 'time', 'RTA', a.figures.rtaMs, b.figures.rtaMs));
    for (const { name, measuredMs, outcome } of b.drill.phases) {
      const other = a.drill.phases.find((each) => each.name === name);
      if (outcome !== 'completed' || other?.outcome !== 'completed') continue;
      changes.push(...timeChange(place, 'time', `phase ${name}`, other.measuredMs, measuredMs));
    }
  }
  const lossNoiseMs = Math.max(a.figures.rpoMs ?? 0, b.figures.rpoMs ?? 0) * LOSS_NOISE_OF_OBJECTIVE;
  if (!a.figures.rpaIsLowerBound && !b.figures.rpaIsLowerBound)
    changes.push(...timeChange(place, 'loss', 'RPA', a.figures.rpaMs, b.figures.rpaMs, lossNoiseMs));
  changes.push(...timeChange(place, 'loss', 'exposure', a.figures.exposureMs, b.figures.exposureMs));
  return [...changes, ...contentChanges(place, a.drill, b.drill)];
}

const RANK: Readonly<Record<Verdict, number>> = { met: 0, 'at-risk': 1, unproven: 2, breached: 3 };

/** Returns the machine of a drill. A drill beside a build counts as on another machine, because it is slower. */
const machineOf = ({ environment: { host, concurrentDrills, beside = [] } }: DrillRecord): string =>
  JSON.stringify([host.platform, host.arch, host.cpus, concurrentDrills, beside.length > 0]);

type Place = Pick<RunChange, 'contract' | 'disaster'>;

function timeChange(
  place: Place,
  kind: 'time' | 'loss',
  what: string,
  before: number | null,
  after: number | null,
  leastMs = 0,
): readonly RunChange[] {
  if (before === null || after === null) return [];
  const difference = Math.abs(after - before);
  if (difference <= Math.max(NOISE.leastMs, leastMs, before * NOISE.fraction)) return [];
  return [{ ...place, kind, what, before: told(before), after: told(after), worse: after > before }];
}

const told = (durationMs: number | null): string | null => (durationMs === null ? null : formatDuration(durationMs));

const toldRpo = ({ rpoMs, keepsNoData }: Figures): string | null =>
  keepsNoData === true ? KEEPS_NO_DATA : told(rpoMs);

/** Seeded content differs from drill to drill: sizes are random, and a writer continues during the drill. */
const SEEDED_NOISE_FRACTION = 0.1;

/** Returns changes in the compared content and its completeness. Differences in amount within a tenth are noise. */
function contentChanges(place: Place, a: DrillRecord, b: DrillRecord): readonly RunChange[] {
  const seeded = (['items', 'bytes'] as const).flatMap((unit) => {
    const [before, after] = [a.seeded?.[unit], b.seeded?.[unit]];
    if (before === undefined || after === undefined) return [];
    if (Math.abs(after - before) <= before * SEEDED_NOISE_FRACTION) return [];
    const shown = (amount: number) => (unit === 'bytes' ? formatSize(amount) : `${amount}`);
    return [{ what: `${unit} that were seeded`, before: shown(before), after: shown(after), worse: null }];
  });
  if (a.comparison === null || b.comparison === null) {
    return seeded.map((change) => ({ ...place, kind: 'content', ...change }));
  }
  const [before, after] = [a.comparison, b.comparison];
  const kinds = new Set([...before.items, ...after.items].map(({ kind }) => kind));
  const cameBack = [...kinds].flatMap((kind) => {
    const [one, other] = [itemsOf(before, kind), itemsOf(after, kind)];
    if (one.lacking === other.lacking && (one.text === null) === (other.text === null)) return [];
    const worse = one.text === null ? null : other.text === null || other.lacking > one.lacking;
    return [{ what: `${kind} that came back as they were`, before: one.text, after: other.text, worse }];
  });
  const [unverified, unverifiedNow] = [notVerifiedIn(a), notVerifiedIn(b)];
  const notVerified = [
    ...unverified
      .difference(unverifiedNow)
      .values()
      .map((text) => ({ before: text, after: null, worse: false })),
    ...unverifiedNow
      .difference(unverified)
      .values()
      .map((text) => ({ before: null, after: text, worse: true })),
  ].map((change) => ({ what: 'not verified', ...change }));
  return [...seeded, ...cameBack, ...notVerified].map((change) => ({ ...place, kind: 'content', ...change }));
}

type Comparison = NonNullable<DrillRecord['comparison']>;

function itemsOf({ items }: Comparison, kind: string): { readonly lacking: number; readonly text: string | null } {
  const found = items.find((each) => each.kind === kind);
  if (found === undefined) return { lacking: 0, text: null };
  const lacking = found.expected - found.matched;
  return { lacking, text: lacking === 0 ? `all ${found.expected}` : `${found.matched} of ${found.expected}` };
}

/** Returns the unverified aspects, without the drill's id, which differs each time. */
const notVerifiedIn = ({ comparison, drillId }: DrillRecord): ReadonlySet<string> =>
  new Set(comparison?.notVerified.map((text) => text.replaceAll(drillId, '<drill>')));

/** Versions of everything that took part, from all drills of a run. */
function versionChanges(a: ExportedRun, b: ExportedRun): readonly RunChange[] {
  const facts = (run: ExportedRun): readonly (readonly [string, string | null])[] => {
    const tools = new Map<string, string>();
    for (const { environment } of run.drills) {
      tools.set('Node', environment.node);
      for (const { name, version } of environment.tools) tools.set(name, version);
    }
    const commit = run.commit === null ? null : `${run.commit}${run.dirty === true ? ' with changes' : ''}`;
    return [['commit', commit], ['target', run.target], ['dr-contracts', run.harnessVersion], ...tools];
  };
  return differing(facts(a), facts(b)).map((change) => ({
    contract: null,
    disaster: null,
    kind: 'version',
    ...change,
    worse: null,
  }));
}

function differing(a: readonly (readonly [string, string | null])[], b: readonly (readonly [string, string | null])[]) {
  const [before, after] = [new Map(a), new Map(b)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [one, other] = [before.get(what) ?? null, after.get(what) ?? null];
    return one === other ? [] : [{ what, before: one, after: other }];
  });
}
