import { describe, expect, it } from 'vitest';
import { benchOptions, benchParts } from './bench-options.ts';

describe('the command line of the bench', () => {
  it('measures everything at full size when nothing is said', () => {
    const { parts, size } = benchOptions([]);
    expect(parts).toEqual(benchParts);
    expect(size).toMatchObject({ costPairs: 10, kindAlone: true });
  });

  it('measures less, and only what a short run can judge, with --smoke', () => {
    const { parts, size } = benchOptions(['--smoke']);
    expect(parts).toEqual(['ledger', 'reading', 'cost', 'memory']);
    expect(size.costPairs).toBeLessThan(10);
  });

  it('measures the parts that are named', () => {
    expect(benchOptions(['--smoke', 'cost', 'memory']).parts).toEqual(['cost', 'memory']);
  });

  it.each([['drills'], ['--fast']])('refuses %s, which would measure nothing', (arg) => {
    expect(() => benchOptions([arg])).toThrow(arg);
  });
});
