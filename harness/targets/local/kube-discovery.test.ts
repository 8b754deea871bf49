import { expect, test } from 'vitest';
import { discovered } from './kube-discovery.ts';

const wanted = [
  { group: 'velero.io/v1', plural: 'backups' },
  { group: 'velero.io/v1', plural: 'podvolumerestores' },
  { group: 'velero.io/v2alpha1', plural: 'datauploads' },
];
const { signal } = new AbortController();

function answering(named: Readonly<Record<string, readonly string[]>>) {
  return {
    call: async (_method: string, path: string) => {
      const names = named[path];
      if (names === undefined) return { status: 404, body: '{"reason":"NotFound"}' };
      return { status: 200, body: JSON.stringify({ resources: names.map((name) => ({ name })) }) };
    },
  };
}

test('discovery is waited for until it names every resource of every group', async () => {
  const whole = { '/apis/velero.io/v1': ['backups', 'podvolumerestores'], '/apis/velero.io/v2alpha1': ['datauploads'] };
  expect(await discovered(answering(whole), wanted).look(signal)).toMatchObject({ done: true });
});

test('the first resource that is served but not named yet is said', async () => {
  const early = { '/apis/velero.io/v1': ['backups'], '/apis/velero.io/v2alpha1': ['datauploads'] };
  const looked = await discovered(answering(early), wanted).look(signal);
  expect(JSON.stringify(looked)).toContain('velero.io/v1 does not name podvolumerestores');
});

test('a group that is not there yet is said', async () => {
  const looked = await discovered(answering({ '/apis/velero.io/v1': ['backups', 'podvolumerestores'] }), wanted).look(
    signal,
  );
  expect(JSON.stringify(looked)).toContain('velero.io/v2alpha1 answers 404');
});
