/**
 * Runs `release` when the block ends: `await using _removal = afterwards(() => rm(…))`. In `finally`, an error of `release` would replace
 * the error that ended the block. Here it is attached to that error.
 */
export const afterwards = (release: () => PromiseLike<unknown>): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    await release();
  },
});
