/**
 * Runs `release` when the block ends: `await using _removal = afterwards(() => rm(…))`. In `finally`, an error of it would replace the
 * error that ended the block; here it is attached to it.
 */
export const afterwards = (release: () => PromiseLike<unknown>): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    await release();
  },
});
