import { describe, expect, it } from 'vitest';
import { isRegistryUnreachable, StartWatch } from './never-starts.ts';

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

describe('B20: a failed pull', () => {
  it.each([
    'failed to do request: Head "https://ghcr.io/v2/a/manifests/1": dial tcp: lookup ghcr.io: no such host',
    'failed to do request: Head "https://ghcr.io/v2/a/manifests/1": net/http: TLS handshake timeout',
    'unexpected status from HEAD request to https://ghcr.io/v2/a/manifests/1: 503 Service Unavailable',
  ])('is not held against the procedure when the registry is out of reach: %s', (message) => {
    expect(isRegistryUnreachable({ reason: 'ImagePullBackOff', message })).toBe(true);
  });

  it.each(['ghcr.io/a:1: not found', 'pull access denied, insufficient_scope: 401 Unauthorized'])(
    'is the procedure’s when the registry answered: %s',
    (message) => expect(isRegistryUnreachable({ reason: 'ImagePullBackOff', message })).toBe(false),
  );

  it('counts for an image alone: a container that dials is not a pull', () => {
    const message = 'dial tcp: connection refused';
    expect(isRegistryUnreachable({ reason: 'RunContainerError', message })).toBe(false);
  });
});
