import { summaryOf } from '../model/errors.ts';

/** Why work was given up that had not failed itself. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/** When an item may begin. A promise that rejects counts as one that resolves: the work finds out why. */
export interface Turn<Item> {
  /** Resolves when only a short wait is left until `ready`. From then until `ready`, no item begins: what is being started takes the machine. */
  readonly near: Promise<unknown>;
  readonly ready: Promise<unknown>;
  /** An item that has this begins before those that have not, and never runs beside one for which it is true. */
  readonly notBeside?: (other: Item) => boolean;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly notBeside: ((other: Item) => boolean) | undefined;
  state: 'far' | 'near' | 'ready';
}

const AT_ONCE: Turn<unknown> = { near: Promise.resolve(), ready: Promise.resolve() };

/**
 * Works through the items in their order, so many at a time; an item that is not ready yet lets those after it pass. The first error ends
 * the rest: no further item begins, and the signal of those under way aborts. When the signal aborts, every item counts as ready, and its
 * work is told by the signal. Resolves or rejects when all of them have settled.
 * @param turnOf says when an item may begin; all of them may at once when left out.
 * @throws the first error, with those of other items attached behind it.
 */
export async function workThrough<Item>(
  items: readonly Item[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
  turnOf: (item: Item) => Turn<Item> = () => AT_ONCE,
): Promise<void> {
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const errors: unknown[] = [];
  const running = new Set<Waiting<Item>>();
  let waiting: readonly Waiting<Item>[] = [];
  const { promise: over, resolve: end } = Promise.withResolvers<void>();

  const begin = (next: Waiting<Item>) => {
    waiting = waiting.filter((each) => each !== next);
    running.add(next);
    work(next.item, either)
      .catch((error: unknown) => {
        errors.push(error);
        giveUp.abort(new GivenUpError(`given up because of an error elsewhere in the run: ${summaryOf(error)}`));
      })
      .finally(() => {
        running.delete(next);
        goOnSoon();
      });
  };
  const goOn = () => {
    while (errors.length === 0 && running.size < atOnce) {
      const next = nextOf(waiting, [...running]);
      if (next === undefined) break;
      begin(next);
    }
    if (running.size === 0 && (waiting.length === 0 || errors.length > 0)) end();
  };

  let isDue = false;
  // In the next turn of the event loop: of items that become ready together, the order alone decides which one begins.
  const goOnSoon = () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      goOn();
    });
  };

  const toWaiting = (item: Item): Waiting<Item> => {
    const { near, ready, notBeside } = turnOf(item);
    const turn: Waiting<Item> = { item, notBeside, state: 'far' };
    const reach = (state: 'near' | 'ready') => () => {
      if (turn.state !== 'ready') turn.state = state;
      goOnSoon();
    };
    near.then(reach('near'), reach('near'));
    ready.then(reach('ready'), reach('ready'));
    return turn;
  };
  waiting = items.map(toWaiting);
  const onAbort = () => {
    for (const turn of waiting) turn.state = 'ready';
    goOnSoon();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  goOnSoon();
  await over;
  signal.removeEventListener('abort', onAbort);
  const [first, ...later] = errors.filter((error) => !(error instanceof GivenUpError));
  if (later.length > 0) throw new AggregateError([first, ...later], summaryOf(first), { cause: first });
  if (first !== undefined) throw first;
}

function nextOf<Item>(waiting: readonly Waiting<Item>[], running: readonly Waiting<Item>[]): Waiting<Item> | undefined {
  if (waiting.some(({ state }) => state === 'near')) return undefined;
  const ready = waiting.filter(({ state }) => state === 'ready');
  const first = ready.filter(({ notBeside }) => notBeside !== undefined);
  const inOrder = [...first, ...ready.filter(({ notBeside }) => notBeside === undefined)];
  return inOrder.find((item, index) => {
    // It does not overtake one of the first that waits for the same.
    const before = first.slice(0, index);
    return [...running, ...before].every((other) => !excludes(item, other) && !excludes(other, item));
  });
}

const excludes = <Item>({ notBeside }: Waiting<Item>, { item }: Waiting<Item>): boolean => notBeside?.(item) === true;
