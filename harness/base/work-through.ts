import { summaryOf } from '../model/errors.ts';

/** Reason of an abort of work that has not failed itself. */
class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/** Conditions for the start of an item. A rejected promise counts as a resolved one: the work finds out the reason. */
export interface Turn<Item> {
  /**
   * Resolves when only a short wait is left until `ready`. From then until `ready`, no item begins, because the starting part loads the
   * machine.
   */
  readonly near: Promise<unknown>;
  readonly ready: Promise<unknown>;
  /** Predicate for items that must not run beside this one. An item with a predicate begins before items without. */
  readonly notBeside?: (other: Item) => boolean;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly notBeside: ((other: Item) => boolean) | undefined;
  state: 'far' | 'near' | 'ready';
}

const AT_ONCE: Turn<unknown> = { near: Promise.resolve(), ready: Promise.resolve() };

/**
 * Works through the items in order, with at most `atOnce` at a time. Later items overtake an item that is not ready. After the first error
 * no further item begins, and the signal of the running ones aborts. When the signal aborts, every item counts as ready, and its work sees
 * the aborted signal. Resolves or rejects when all items have settled.
 * @param turnOf returns the conditions for the start of an item; without it all items may begin at once.
 * @throws the first error, with those of other items attached.
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
  // Waits for the next turn of the event loop. Among items that become ready together, only their order then decides which one begins.
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
    // The item does not overtake an earlier one of `first` that excludes it.
    const before = first.slice(0, index);
    return [...running, ...before].every((other) => !excludes(item, other) && !excludes(other, item));
  });
}

const excludes = <Item>({ notBeside }: Waiting<Item>, { item }: Waiting<Item>): boolean => notBeside?.(item) === true;
