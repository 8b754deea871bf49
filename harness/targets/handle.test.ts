import { expect, test } from 'vitest';
import { ExplainedError } from '../model/errors.ts';
import { parseHandle } from './handle.ts';

const handle = {
  kind: 'local',
  sessionDir: '/tmp/session',
  capabilities: ['nats'],
  sandbox: { kind: 'none', reason: 'this test runs nothing' },
  toolPaths: { nats: '/cache/nats' },
  toolsInUse: [{ name: 'nats', version: '0.3.0', source: 'cache' }],
  runtime: { anything: ['of', 'the', 'runtime'] },
  places: { nats: { url: 'nats://127.0.0.1:4222', settings: {} } },
};

test('a handle survives the way to another process', () => {
  expect(parseHandle(JSON.parse(JSON.stringify(handle)), 'local')).toEqual(handle);
});

test('a handle of another target, or of another version, is refused with what is wrong', () => {
  expect(() => parseHandle(handle, 'docker')).toThrow(ExplainedError);
  expect(() => parseHandle(handle, 'docker')).toThrow(/handle of the docker target.*kind/);
  const older = { ...handle, places: { nats: { address: 'nats://127.0.0.1:4222' } } };
  expect(() => parseHandle(older, 'local')).toThrow(
    /the handle that startTarget returned.*places.*Start the target again/s,
  );
});
