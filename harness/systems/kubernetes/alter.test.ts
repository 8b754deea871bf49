import { expect, it } from 'vitest';
import { withoutChange } from './alter.ts';

it('the probe reads an object as it was seeded, whether it was annotated between two backups or not', () => {
  const seeded = { metadata: { name: 'settings', annotations: { team: 'orders' } }, data: { a: '1' } };
  const annotations = { ...seeded.metadata.annotations, 'dr-contracts.dev/changed': 'between two backups' };
  expect(withoutChange({ ...seeded, metadata: { ...seeded.metadata, annotations } })).toEqual(seeded);
  expect(withoutChange(seeded)).toBe(seeded);
});

it('an object without annotations of its own has none', () => {
  const bare = { metadata: { name: 'settings' } };
  const annotated = { metadata: { name: 'settings', annotations: { 'dr-contracts.dev/changed': 'x' } } };
  expect(withoutChange(annotated).metadata.annotations ?? {}).toEqual({});
  expect(withoutChange(bare)).toBe(bare);
});
