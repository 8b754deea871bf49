/**
 * Applies `work` to every item, at most `limit` at a time, and yields the results in the order of the items. Holds at most `limit` results.
 * After a failure it begins no new work, and waits for the running work before it throws.
 */
export async function* mapOrdered<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  const next = async (): Promise<R> => {
    const result = await underWay[0];
    underWay.shift();
    return result as R;
  };
  try {
    for await (const item of items) {
      const running = work(item);
      // A later item may fail while an earlier one is awaited. Its error is reported in its turn, not as unhandled.
      running.catch(() => undefined);
      underWay.push(running);
      if (underWay.length >= limit) yield await next();
    }
    while (underWay.length > 0) yield await next();
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Runs `work` for every item, at most `limit` at a time. */
export async function forEachBounded<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for await (const _ of mapOrdered(items, limit, work));
}

/** Collects items into groups of `size`. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
