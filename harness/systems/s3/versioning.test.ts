import { pathToFileURL } from 'node:url';
import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { versioning } from './versioning.ts';

interface ScriptVersion {
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  readonly lastModifiedMs: number;
}
type Decision = { readonly action: string; readonly version?: ScriptVersion };

const script: unknown = await import(pathToFileURL('fixtures/platform/scripts/buckets/bucket-restore.mjs').href);
const { actionFor } = z
  .object({
    actionFor: z.custom<(versions: ScriptVersion[], pointMs: number) => Decision>((it) => typeof it === 'function'),
  })
  .parse(script);

test('options that cannot be are refused by name', () => {
  expect(() => versioning({ restore: '' })).toThrow('restore');
  expect(() => versioning(JSON.parse('{"restor": "x"}'))).toThrow('restor');
});

describe('what the restore script does about a key', () => {
  /** Oldest first in, newest first out, as S3 lists. */
  const history = (...events: (readonly [atMs: number, what: 'put' | 'delete'])[]): ScriptVersion[] =>
    events
      .map(([lastModifiedMs, what], index) => ({
        versionId: `v${index}`,
        isLatest: index === events.length - 1,
        deleteMarker: what === 'delete',
        lastModifiedMs,
      }))
      .reverse();

  test.each([
    ['untouched since', history([1, 'put']), 'keep', undefined],
    ['deleted since', history([1, 'put'], [5, 'delete']), 'copy', 'v0'],
    ['overwritten since', history([1, 'put'], [2, 'put'], [5, 'put']), 'copy', 'v1'],
    ['written in the second of the point', history([1, 'put'], [4, 'put']), 'copy', 'v0'],
    ['created since', history([5, 'put']), 'delete', undefined],
    ['created and deleted since', history([5, 'put'], [6, 'delete']), 'keep', undefined],
    ['deleted before and recreated since', history([1, 'put'], [2, 'delete'], [5, 'put']), 'delete', undefined],
    ['deleted before', history([1, 'put'], [2, 'delete']), 'keep', undefined],
    ['written and deleted in one second', history([1, 'put'], [1, 'delete'], [5, 'put']), 'ask-order', undefined],
  ])('%s', (_, versions, action, versionId) => {
    const decision = actionFor(versions, 4);
    expect([decision.action, decision.version?.versionId]).toEqual([action, versionId]);
  });

  test('a copy is always of the newest object before the point, unless that was a delete marker', () => {
    const event = record({ step: integer({ min: 1, max: 3 }), put: boolean() });
    assert(
      property(array(event, { minLength: 1, maxLength: 8 }), constantFrom(0, 1, 3, 5, 50), (events, pointMs) => {
        let atMs = 0;
        const versions = history(
          ...events.map(({ step, put }) => {
            atMs += step;
            return [atMs, put ? 'put' : 'delete'] as const;
          }),
        );
        const decision = actionFor(versions, pointMs);
        const then = versions.find(({ lastModifiedMs }) => lastModifiedMs < pointMs);
        const alive = then !== undefined && !then.deleteMarker;
        const current = versions[0];
        const result = decision.action === 'copy' ? decision.version : decision.action === 'keep' ? current : undefined;
        expect(result?.deleteMarker === false ? result.versionId : undefined).toBe(alive ? then.versionId : undefined);
      }),
    );
  });
});
