import { describe, expect, it } from 'vitest';
import type { OpenOptions } from '../../model/asset.ts';
import { NotProvableHereError } from '../../model/errors.ts';
import { gcsBucket } from './kind.ts';

const nothing = {} as OpenOptions;

describe('a bucket of Google Cloud Storage', () => {
  it.each([
    ['retention', { retention: { days: 30 } }],
    ['holds', { holds: 'temporary' }],
    ['softDelete', { softDelete: { days: 7 } }],
  ] as const)('cannot be proved with %s, because no server here enforces it', async (name, guard) => {
    const opened = gcsBucket({ objects: 3, ...guard }).open(nothing);
    await expect(opened).rejects.toThrow(NotProvableHereError);
    await expect(opened).rejects.toThrow(`gcsBucket({ ${name} })`);
  });

  it('refuses an option that it does not know', () => {
    expect(() => gcsBucket({ objects: 3, ...{ holdes: 'temporary' } })).toThrow('holdes');
  });
});
