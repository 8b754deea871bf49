import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import config from '../../dr-contracts.config.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { loadPromises } from './load.ts';
import { partition, partitionPostures } from './wanted-parts.ts';

const folder = resolve(import.meta.dirname, '../..');

it('B29: this repository gives a reason for exactly those of its contracts and postures that a target cannot run', async () => {
  const files = readdirSync(resolve(folder, 'contracts')).map((file) => resolve(folder, 'contracts', file));
  const { contracts, postures } = await loadPromises({ folder, files, mistakes: [] });
  for (const [target, carried] of [
    ['local', capabilitiesOf('local')],
    ['docker', capabilitiesOf('docker')],
  ] as const) {
    const leftOut = [
      ...partition(contracts, carried, false).leftOut,
      ...partitionPostures(postures, carried, false).leftOut,
    ].map(({ contract }) => contract);
    expect(Object.keys(config.notOn?.[target] ?? {}).sort()).toEqual(leftOut.sort());
  }
});
