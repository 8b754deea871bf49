import { describe, expect, it } from 'vitest';
import { StartWatch } from './never-starts.ts';

const waiting = (reason: string, container = 'backup') => [{ pod: 'job-1', container, reason, message: '' }];

/** The look, counted from zero and ten seconds apart, that shows a container which never starts; undefined when none does. */
function givenUpAt(reasons: readonly string[]): number | undefined {
  const watch = new StartWatch();
  const index = reasons.findIndex((reason, look) => watch.look(waiting(reason), look * 10_000) !== undefined);
  return index < 0 ? undefined : index;
}

describe('a container that does not start', () => {
  it('B20: is not given up after the first failed pull, nor while the kubelet backs off from it', () => {
    expect(givenUpAt(['ErrImagePull', 'ErrImagePull', 'ImagePullBackOff', 'ImagePullBackOff', 'ErrImagePull'])).toBe(
      undefined,
    );
    expect(givenUpAt(['ErrImagePull', 'ImagePullBackOff', 'ContainerCreating'])).toBe(undefined);
  });

  it('B20: is given up when the second pull has failed as well', () => {
    expect(givenUpAt(['ErrImagePull', 'ImagePullBackOff', 'ErrImagePull', 'ImagePullBackOff'])).toBe(3);
  });

  it('B20: is not given up for what the next sync of its pod may mend', () => {
    expect(givenUpAt(['CreateContainerConfigError', 'ContainerCreating'])).toBe(undefined);
    expect(givenUpAt(Array.from({ length: 5 }, () => 'CreateContainerConfigError'))).toBe(3);
  });

  it.each(['InvalidImageName', 'ErrImageNeverPull'])('is given up at once for %s', (reason) => {
    expect(givenUpAt([reason])).toBe(0);
  });

  it('is counted by itself: the back-offs of two containers are not added', () => {
    const watch = new StartWatch();
    expect(watch.look(waiting('ImagePullBackOff', 'one'), 0)).toBeUndefined();
    expect(watch.look(waiting('ImagePullBackOff', 'two'), 1)).toBeUndefined();
  });
});
