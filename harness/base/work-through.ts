import { summaryOf } from '../model/errors.ts';

/** Why work was given up that had not failed itself. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/**
 * Works through the items in their order, so many at a time. The first error ends the rest: no further item begins, and the signal of
 * those under way aborts. Resolves or rejects when all of them have settled.
 * @throws the first error, with those of other items attached behind it.
 */
export async function workThrough<Item>(
  items: readonly Item[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && errors.length === 0; item = queue.shift()) {
      try {
        await work(item, either);
      } catch (error) {
        errors.push(error);
        giveUp.abort(new GivenUpError(`given up because of an error elsewhere in the run: ${summaryOf(error)}`));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const [first, ...later] = errors.filter((error) => !(error instanceof GivenUpError));
  if (later.length > 0) throw new AggregateError([first, ...later], summaryOf(first), { cause: first });
  if (first !== undefined) throw first;
}
