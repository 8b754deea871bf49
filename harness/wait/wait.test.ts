import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { arrived, HopelessError, notYet, type Wait, WaitTimeoutError, waitFor } from './wait.ts';

const never = new AbortController().signal;
const wait = <T>(look: Wait<T>['look'], budgetMs = 40): Wait<T> => ({
  for: 'the door to open',
  budgetMs,
  intervalMs: 1,
  look,
});

describe('a wait', () => {
  it('resolves with the value as soon as a look finds it', async () => {
    let looks = 0;
    const value = await waitFor(
      wait(async () => {
        looks += 1;
        return looks < 3 ? notYet('closed') : arrived('open');
      }, 10_000),
      systemClock,
      never,
    );
    expect([value, looks]).toEqual(['open', 3]);
  });

  it('says at its time-out what it waited for and what was last seen', async () => {
    const failure = await waitFor(
      wait(async () => notYet('ajar')),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WaitTimeoutError);
    expect(String(failure)).toContain('waited 40 ms for the door to open; last seen: ajar');
  });

  it('keeps the error of a look that throws as the cause of the time-out', async () => {
    const jammed = new Error('jammed');
    const failure = await waitFor(
      wait(() => Promise.reject(jammed)),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({ lastSeen: 'jammed', cause: jammed });
  });

  it('is not held up by a look that never ends and ignores its signal', async () => {
    const failure = await waitFor(
      wait(() => new Promise(() => undefined)),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WaitTimeoutError);
  });

  it('ends at once when more looking cannot help', async () => {
    const dead = new HopelessError('the process died');
    await expect(
      waitFor(
        wait(() => Promise.reject(dead), 60_000),
        systemClock,
        never,
      ),
    ).rejects.toBe(dead);
  });

  it('rejects with the reason of the signal that aborts it', async () => {
    const abort = new AbortController();
    const stopped = new Error('stopped by the operator');
    const waiting = waitFor(
      wait(async () => notYet('closed'), 60_000),
      systemClock,
      abort.signal,
    );
    abort.abort(stopped);
    await expect(waiting).rejects.toBe(stopped);
  });
});
