import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { linesFromPod } from './pod.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-pod-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the pod's commands on this machine, with a locale that an image may set. */
const kubectl = join(folder, 'kubectl');
writeFileSync(kubectl, '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nLC_ALL=de_DE.UTF-8 exec "$@"\n');
chmodSync(kubectl, 0o755);

const linesOfScript = async (script: string) =>
  await Array.fromAsync(
    linesFromPod(
      { kubectl, kubeconfigPath: '/none', namespace: 'n', pod: 'p', container: 'c' },
      script,
      new AbortController().signal,
    ),
  );

it('B28: a script in a pod sorts by bytes, whatever locale its image sets', async () => {
  expect(await linesOfScript('echo "$LC_ALL"; printf "b\\nB\\na\\n" | sort')).toEqual(['C', 'B', 'a', 'b']);
});

it('B8: a line of a pod ends at a line feed only', async () => {
  expect(await linesOfScript("printf 'a\u2028b\\rc\\nd\\n'")).toEqual(['a\u2028b\rc', 'd']);
});
