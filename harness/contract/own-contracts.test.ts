import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import config from '../../dr-contracts.config.ts';
import { localParts } from '../targets/local/start.ts';
import { partition, partitionPostures } from './left-out.ts';
import { loadPromises } from './load.ts';

const folder = resolve(import.meta.dirname, '../..');

it('B29: this repository gives a reason for exactly those of its contracts that the local target cannot run', async () => {
  const files = readdirSync(resolve(folder, 'contracts')).map((file) => resolve(folder, 'contracts', file));
  const { contracts, postures } = await loadPromises({ folder, files, mistakes: [] });
  const notDrilled = partition(contracts, localParts, false).leftOut;
  const leftOut = [...notDrilled, ...partitionPostures(postures, localParts, false).leftOut];
  expect(Object.keys(config.notOn?.local ?? {}).sort()).toEqual(leftOut.map(({ contract }) => contract).sort());
});
