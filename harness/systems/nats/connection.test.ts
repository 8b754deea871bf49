import { describe, expect, it } from 'vitest';
import { Connection } from './connection.ts';

const never = new AbortController().signal;

/** Returns a connection whose address look-ups wait until the test lets them fail. */
function lookedUp() {
  const lookUps: ((why: string) => void)[] = [];
  const connection = new Connection(async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    lookUps.push((why) => reject(new Error(why)));
    return await promise;
  }, 'test');
  return { connection, lookUps };
}

describe('a caller is told only of the failure of an attempt that began after the call', () => {
  it('when the earlier attempt failed and nobody waited for it any more', async () => {
    const { connection, lookUps } = lookedUp();
    const given = new AbortController();
    const abandoned = connection.use(given.signal);
    given.abort(new Error('cut off by the disaster'));
    await expect(abandoned).rejects.toThrow('cut off by the disaster');
    lookUps[0]?.('the server is gone');
    await new Promise(setImmediate);

    const asked = connection.use(never);
    await expect.poll(() => lookUps.length).toBe(2);
    lookUps[1]?.('still gone');
    await expect(asked).rejects.toThrow('still gone');
  });

  it('when the earlier attempt was still under way', async () => {
    const { connection, lookUps } = lookedUp();
    const first = connection.use(never);
    const second = connection.use(never);
    const failures = Promise.allSettled([first, second]);
    lookUps[0]?.('the server is gone');
    await expect.poll(() => lookUps.length).toBe(2);
    lookUps[1]?.('still gone');
    const reasons = (await failures).map((each) => each.status === 'rejected' && String(each.reason));
    expect(reasons).toEqual(['Error: the server is gone', 'Error: still gone']);
  });
});
