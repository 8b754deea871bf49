import { canProtect } from '../model/access.ts';
import type { AssetKind, Disaster } from '../model/asset.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { Procedure } from '../model/procedure.ts';
import type { Target } from '../model/target.ts';
import {
  comparisonChecks,
  requireComparesEqual,
  requireDescribed,
  requireDeterministic,
  requireSeeded,
} from './content-checks.ts';
import {
  openNeighbour,
  requireDestroyed,
  requireHonestWhileLiving,
  requireNothingLeft,
  requirePlacesGivenBack,
  requireSpared,
} from './destruction-checks.ts';
import { Life, type LifeOptions } from './life.ts';
import {
  BUDGET_MS,
  type Check,
  type ConformanceOptions,
  type Course,
  GONE_BUDGET_MS,
  type Sabotages,
} from './options.ts';
import {
  type BackedUp,
  requireBackedUp,
  requireCleared,
  requireMissingPointRefused,
  requireRestored,
} from './procedure-checks.ts';
import { requireIndeterminateWritesReported, requireTracesApart } from './trace-checks.ts';

/** The prepared kind, its procedure and its target. Made when the first check runs. */
export interface Prepared {
  readonly kind: AssetKind;
  readonly protectedBy: Procedure | undefined;
  readonly target: Target;
}

/**
 * Returns all courses of the suite: the description of the kind, then one course for each disaster, then the comparison.
 * @throws {ExplainedError} for a disaster that the kind does not have.
 */
export function coursesOf(
  kind: AssetKind,
  options: ConformanceOptions,
  prepare: () => Promise<Prepared>,
): readonly Course[] {
  const disasters = options.disasters ?? kind.disasters.map(({ name }) => name);
  const known = disasters.map((name) => disasterOf(kind, name));
  const [first] = known;
  const once: Course = {
    title: kind.system,
    checks: [{ title: 'says what it is', run: async () => requireDescribed(kind) }],
    end: async () => undefined,
  };
  if (first === undefined) return [once];
  return [
    once,
    earlyEnd(first, prepare),
    ...known.map((disaster) => courseOf(kind, disaster, options, prepare)),
    ...(options.sabotage === 'elsewhere' ? [] : [comparisonCourse(kind, first, options.sabotage, prepare)]),
  ];
}

function disasterOf(kind: AssetKind, name: string): Disaster {
  const disaster = kind.disasters.find((each) => each.name === name);
  if (disaster !== undefined) return disaster;
  throw new ExplainedError({
    thing: `conformance of ${kind.system}`,
    expected: `disasters of this asset: ${kind.disasters.map((each) => each.name).join(', ')}`,
    observed: `\`disasters\` names "${name}"`,
    nextStep: 'Correct the name.',
  });
}

const lifeOptions = ({ kind, target }: Prepared, disaster: Disaster): LifeOptions => ({ kind, target, disaster });

/** Holder of the things that the checks of a course make one after the other. */
class Bench {
  readonly #lives: Life[] = [];
  backedUp: BackedUp | undefined;
  #life: Life | undefined;
  neighbour: Life | undefined;

  get life(): Life {
    if (this.#life === undefined) throw new Error('This was not checked, because the first test of the suite failed.');
    return this.#life;
  }

  set life(life: Life) {
    this.#life = this.owned(life);
  }

  owned(life: Life): Life {
    this.#lives.push(life);
    return life;
  }

  async end(): Promise<void> {
    const ended = await Promise.allSettled(this.#lives.map((life) => life[Symbol.asyncDispose]()));
    const failures = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (failures.length > 0)
      throw new AggregateError(failures, `an asset could not be disposed: ${summaryOf(failures[0])}`);
  }
}

function earlyEnd(disaster: Disaster, prepare: () => Promise<Prepared>): Course {
  const bench = new Bench();
  return {
    title: 'an asset that ends early',
    checks: [
      {
        title: 'is disposed although nothing was seeded',
        run: async (signal) => {
          bench.life = await Life.begin(lifeOptions(await prepare(), disaster));
          const asset = await bench.life.open(signal);
          await asset[Symbol.asyncDispose]();
        },
      },
    ],
    end: () => bench.end(),
  };
}

function courseOf(
  kind: AssetKind,
  disaster: Disaster,
  { budgetMs = BUDGET_MS, goneBudgetMs = GONE_BUDGET_MS, protectedBy }: ConformanceOptions,
  prepare: () => Promise<Prepared>,
): Course {
  const bench = new Bench();
  const isProtected = protectedBy !== undefined && canProtect(protectedBy, disaster);
  const procedure = async () => (await prepare()).protectedBy ?? notThere('procedure');
  const backedUp = () => bench.backedUp ?? notThere('recovery point');
  const begin = async () => {
    bench.life = await Life.begin(lifeOptions(await prepare(), disaster));
    return bench.life;
  };
  const openBeside = async (signal: AbortSignal) =>
    bench.owned(await openNeighbour(lifeOptions(await prepare(), disaster), signal));
  const backup: Check = {
    title: 'is backed up, and the recovery point is what was found',
    run: async (signal) => {
      bench.backedUp = await requireBackedUp(bench.life, await procedure(), signal);
    },
  };
  const living: Check = {
    title: 'is not proved gone while it lives',
    run: (signal) => requireHonestWhileLiving(bench.life, signal),
  };
  const missingPoint: Check = {
    title: 'is not restored from a recovery point that is not there',
    run: async (signal) =>
      await requireMissingPointRefused(bench.life, await procedure(), backedUp(), goneBudgetMs, signal),
  };
  const restore: readonly Check[] = [
    {
      title: 'gets an empty place to be restored into',
      run: async (signal) => await bench.life.asset.provision(bench.life.step(signal)),
    },
    // Without a schedule a recovery point is a point in time, which cannot be missing.
    ...(typeof protectedBy?.schedule === 'string' ? [] : [missingPoint]),
    {
      title: 'is restored with all its content and markers',
      run: async (signal) => await requireRestored(bench.life, await procedure(), backedUp(), budgetMs, signal),
    },
    { title: 'is cleared for a second restore', run: (signal) => requireCleared(bench.life, goneBudgetMs, signal) },
  ];
  const checks: readonly Check[] = [
    { title: 'seeds what it says', run: async (signal) => await requireSeeded(await begin(), signal) },
    { title: 'has the same fingerprint twice', run: (signal) => requireDeterministic(bench.life, signal) },
    { title: 'compares equal while nothing happens', run: (signal) => requireComparesEqual(bench.life, signal) },
    { title: 'keeps markers and probe writes apart', run: (signal) => requireTracesApart(bench.life, signal) },
    {
      title: 'reports writes that may have taken effect',
      run: (signal) => requireIndeterminateWritesReported(bench.life, signal),
    },
    ...(isProtected ? [backup] : []),
    // A rehearsal reads the empty place, which holds nothing from the start.
    ...(disaster.isRehearsal === true ? [] : [living]),
    {
      title: 'is destroyed, and every part of it is proved gone',
      run: async (signal) => {
        const { life } = bench;
        life.seeded;
        bench.neighbour = await openBeside(signal);
        await requireDestroyed(life, goneBudgetMs, signal);
      },
    },
    {
      title: 'takes nothing of another drill with it',
      run: (signal) => requireSpared(bench.neighbour ?? notThere('asset beside it'), signal),
    },
    ...(isProtected ? restore : []),
    {
      title: 'leaves nothing behind',
      run: async (signal) => {
        await bench.life.asset[Symbol.asyncDispose]();
        requirePlacesGivenBack(bench.life);
        const neighbour = bench.neighbour ?? notThere('asset beside it');
        await requireNothingLeft(neighbour, lifeOptions(await prepare(), disaster), goneBudgetMs, signal);
      },
    },
  ];
  return { title: `${kind.system}, ${disaster.name}`, checks, end: () => bench.end() };
}

function comparisonCourse(
  kind: AssetKind,
  disaster: Disaster,
  sabotage: Sabotages,
  prepare: () => Promise<Prepared>,
): Course {
  const bench = new Bench();
  const [seed, ...others] = comparisonChecks(() => bench.life, sabotage);
  const first: Check[] =
    seed === undefined
      ? []
      : [
          {
            ...seed,
            run: async (signal) => {
              bench.life = await Life.begin(lifeOptions(await prepare(), disaster));
              await seed.run(signal);
            },
          },
        ];
  return { title: `the comparison of ${kind.system}`, checks: [...first, ...others], end: () => bench.end() };
}

function notThere(what: string): never {
  throw new Error(`This was not checked, because there is no ${what}. See the first test that failed.`);
}
