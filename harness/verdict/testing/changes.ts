// Changes of a record in one place, in every way that could hide something.

const changeNames = ['deleted', 'emptied', 'set to null', 'flipped', 'set to zero', 'made huge'] as const;
export type ChangeName = (typeof changeNames)[number];

export interface ChangeAt {
  /** Path without array indices, e.g. `comparison.items[].matched`. */
  readonly path: string;
  readonly change: ChangeName;
  /** The whole record, changed in this one place. */
  readonly changed: unknown;
}

const HUGE = 1e12;
type Step = string | number;

/** Yields every change of every field, at most `times` for each path and change. */
export function* changesOf(record: unknown, times: number): Generator<ChangeAt> {
  const made = new Map<string, number>();
  for (const steps of placesIn(record, [])) {
    const path = pathOf(steps);
    for (const { change, value } of changesAt(at(record, steps))) {
      const key = `${path} ${change}`;
      const count = made.get(key) ?? 0;
      if (count >= times) continue;
      made.set(key, count + 1);
      yield { path, change, changed: withChange(record, steps, value) };
    }
  }
}

function* placesIn(value: unknown, steps: readonly Step[]): Generator<readonly Step[]> {
  if (steps.length > 0) yield steps;
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* placesIn(each, [...steps, index]);
  } else if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) yield* placesIn(each, [...steps, key]);
  }
}

const DELETED = Symbol('deleted');

function* changesAt(value: unknown): Generator<{ readonly change: ChangeName; readonly value: unknown }> {
  yield { change: 'deleted', value: DELETED };
  if (value !== null) yield { change: 'set to null', value: null };
  if (typeof value === 'boolean') yield { change: 'flipped', value: !value };
  if (typeof value === 'string' && value !== '') yield { change: 'emptied', value: '' };
  if (Array.isArray(value) && value.length > 0) yield { change: 'emptied', value: [] };
  if (isObject(value) && Object.keys(value).length > 0) yield { change: 'emptied', value: {} };
  if (typeof value === 'number') {
    if (value !== 0) yield { change: 'set to zero', value: 0 };
    yield { change: 'made huge', value: HUGE };
  }
}

function withChange(record: unknown, steps: readonly Step[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (Array.isArray(record)) {
    const index = Number(step);
    const changed = withChange(record[index], rest, value);
    return changed === DELETED ? record.toSpliced(index, 1) : record.with(index, changed);
  }
  if (!isObject(record)) throw new Error(`there is no ${pathOf(steps)}`);
  const changed = withChange(record[step], rest, value);
  if (changed !== DELETED) return { ...record, [step]: changed };
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== step));
}

const at = (record: unknown, steps: readonly Step[]): unknown =>
  steps.reduce<unknown>(
    (value, step) => (isObject(value) ? value[step] : Array.isArray(value) ? value[Number(step)] : undefined),
    record,
  );

const pathOf = (steps: readonly Step[]): string =>
  steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[]` : `${path}${path === '' ? '' : '.'}${step}`),
    '',
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
