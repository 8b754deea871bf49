import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { messagesOf } from '../model/errors.ts';
import { BudgetEndedError } from './budget.ts';
import { Scope, type ScopeOptions } from './scope.ts';

const never = new AbortController().signal;

function scopeOn(clock: ManualClock, more: Partial<ScopeOptions> = {}): Scope {
  return new Scope({ what: 'the drill', clock, releaseBudgetMs: 1_000, settleBudgetMs: 100, ...more });
}

const failing = (message: string) => async () => {
  throw new Error(message);
};

/** Matches the error of a scope that has closed. */
const closed = (message: string) => expect.objectContaining({ name: 'ScopeClosedError', message });
const tooLateFor = (what: string) => closed(`the drill is over; too late for ${what}`);

/** Returns a resource that counts its disposals. */
function counted() {
  const resource = {
    disposals: 0,
    [Symbol.asyncDispose]: async () => {
      resource.disposals += 1;
    },
  };
  return resource;
}

describe('a scope that closes', () => {
  it('releases in reverse order, once', async () => {
    const done: string[] = [];
    const scope = scopeOn(new ManualClock());
    for (const name of ['first', 'second', 'third']) scope.defer(name, async () => done.push(name));
    expect(await scope.close()).toEqual(['third', 'second', 'first'].map((what) => ({ what, outcome: 'done' })));
    await scope[Symbol.asyncDispose]();
    expect(done).toEqual(['third', 'second', 'first']);
  });

  it('tries every release after a failure, and reports the first error first', async () => {
    const done: string[] = [];
    const scope = scopeOn(new ManualClock());
    scope.defer('the folder', async () => done.push('folder'));
    scope.defer('the database', failing('it hangs'));
    scope.defer('the server', failing('it is busy'));
    const error: unknown = await scope[Symbol.asyncDispose]().catch((thrown: unknown) => thrown);
    expect(done).toEqual(['folder']);
    expect(messagesOf(error).filter((message) => message.startsWith('clean-up of'))).toEqual([
      'clean-up of the server failed: it is busy',
      'clean-up of the server failed: it is busy',
      'clean-up of the database failed: it hangs',
    ]);
  });

  it('spends on a release that hangs its own budget only', async () => {
    const clock = new ManualClock();
    const done: string[] = [];
    const scope = scopeOn(clock);
    scope.defer('the folder', async () => done.push('folder'));
    scope.defer('the server', () => new Promise(() => undefined), 10);
    const beganMs = clock.monotonicMs();
    const [server, folder] = await clock.drive(scope.close());
    expect(server).toMatchObject({ what: 'the server', outcome: 'failed' });
    expect(folder).toMatchObject({ outcome: 'done' });
    expect(clock.monotonicMs() - beganMs).toBe(10);
    expect(done).toEqual(['folder']);
  });

  it('tells a release by its signal that its budget has ended', async () => {
    const clock = new ManualClock();
    const scope = scopeOn(clock);
    let reason: unknown;
    scope.defer('the server', async (signal) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      await new Promise(() => undefined);
    });
    await clock.drive(scope.close());
    expect(reason).toBeInstanceOf(BudgetEndedError);
  });

  it('B21: keeps an error that came before as the first, with its own failures behind it', async () => {
    const scope = scopeOn(new ManualClock());
    scope.defer('the server', failing('it is busy'));
    const first = new Error('no port was free');
    const error = await scope.closeAfter(first);
    expect(error).toMatchObject({ message: 'no port was free', cause: first });
    expect(messagesOf(error)).toContain('clean-up of the server failed: it is busy');
  });

  it('B21: leaves the error of the body first when a disposal fails too', async () => {
    const body = async () => {
      await using scope = scopeOn(new ManualClock());
      scope.defer('the Job', failing('kubectl delete timed out'));
      throw new Error('the image cannot be pulled');
    };
    const [first, second] = messagesOf(await body().catch((error: unknown) => error));
    expect(first).toBe('the image cannot be pulled');
    expect(second).toContain('kubectl delete timed out');
  });
});

describe('what comes late', () => {
  it('B3: a resource that opens after its stage was given up is disposed', async () => {
    const clock = new ManualClock();
    const scope = scopeOn(clock);
    const resource = counted();
    const stage = scope.run('stage "open"', 10, () =>
      scope.open('the asset', async () => {
        await clock.pause(500, never);
        return resource;
      }),
    );
    await expect(clock.drive(stage)).rejects.toBeInstanceOf(BudgetEndedError);
    expect(resource.disposals).toBe(0);
    expect(await clock.drive(scope.close())).toEqual([{ what: 'the asset', outcome: 'done' }]);
    expect(resource.disposals).toBe(1);
  });

  it('B3: a resource that opens after even the clean-up was given up is disposed, and the clean-up says that it ran on', async () => {
    const clock = new ManualClock();
    const scope = scopeOn(clock);
    const resource = counted();
    const opening = scope.open('the asset', async () => {
      await clock.pause(5_000, never);
      return resource;
    });
    const [outcome] = await clock.drive(scope.close());
    expect(outcome).toMatchObject({ what: 'the asset', outcome: 'failed' });
    expect(outcome?.message).toContain('still ran');
    await clock.drive(opening);
    await clock.pass(1);
    expect(resource.disposals).toBe(1);
  });

  it('says so when such a resource cannot be disposed', async () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const scope = scopeOn(clock, { onLateFailure: (message) => said.push(message) });
    const opening = scope.open('the asset', async () => {
      await clock.pause(5_000, never);
      return { [Symbol.asyncDispose]: failing('no connection') };
    });
    await clock.drive(scope.close());
    await clock.drive(opening);
    await clock.pass(1);
    expect(said).toEqual(['the asset came after the drill was over, and could not be removed: no connection']);
  });

  it('aborts what is still being opened when it closes', async () => {
    const clock = new ManualClock();
    const scope = scopeOn(clock);
    const opening = scope.open('the asset', async (signal) => {
      await clock.pause(600_000, signal);
      return counted();
    });
    opening.catch(() => undefined);
    const beganMs = clock.monotonicMs();
    await clock.drive(scope.close());
    expect(clock.monotonicMs()).toBe(beganMs);
    await expect(opening).rejects.toThrow(closed('the drill is over'));
  });

  it('refuses to set up anything after it has closed, and disposes what it is handed then', async () => {
    const scope = scopeOn(new ManualClock());
    await scope.close();
    const resource = counted();
    expect(() => scope.own('the server', resource)).toThrow(tooLateFor('the server'));
    expect(resource.disposals).toBe(1);
    expect(() => scope.defer('the folder', async () => undefined)).toThrow(tooLateFor('the folder'));
    await expect(scope.open('the asset', async () => counted())).rejects.toThrow(tooLateFor('the asset'));
    await expect(scope.run('work', 1, async () => undefined)).rejects.toThrow(tooLateFor('work'));
  });

  it('waits for work that was given up before it releases what the work uses', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    const scope = scopeOn(clock);
    scope.defer('the server', async () => order.push('released'));
    const work = scope.run('work', 10, async () => {
      await clock.pause(50, never);
      order.push('work ended');
    });
    await expect(clock.drive(work)).rejects.toBeInstanceOf(BudgetEndedError);
    expect(await clock.drive(scope.close())).toEqual([{ what: 'the server', outcome: 'done' }]);
    expect(order).toEqual(['work ended', 'released']);
  });

  it('names work that never ends', async () => {
    const clock = new ManualClock();
    const scope = scopeOn(clock);
    await expect(clock.drive(scope.run('work', 10, () => new Promise(() => undefined)))).rejects.toThrow(
      'work did not',
    );
    expect(await clock.drive(scope.close())).toMatchObject([{ what: 'work', outcome: 'failed' }]);
  });
});

describe('what a scope hands over', () => {
  it('is released by the new scope, not by the old one', async () => {
    const clock = new ManualClock();
    const resource = counted();
    let next: Scope | undefined;
    {
      await using scope = scopeOn(clock);
      scope.own('the server', resource);
      next = scope.handOver();
    }
    expect(resource.disposals).toBe(0);
    await next.close();
    expect(resource.disposals).toBe(1);
  });

  it('is not released once it was forgotten', async () => {
    const scope = scopeOn(new ManualClock());
    const resource = scope.own('the server', counted());
    scope.forget(resource);
    await scope.close();
    expect(resource.disposals).toBe(0);
  });
});
