import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dashboardText } from './grafana-dashboard.ts';
import { dashboardFile } from './places.ts';

it('templates/monitoring has the dashboard as it is defined (else: node packaging/write-dashboard.ts)', async () => {
  expect(await readFile(dashboardFile, 'utf8')).toBe(dashboardText());
});

it('every query of a panel has a name of its own', () => {
  const { panels }: { panels: readonly { title: string; targets: readonly { refId?: string }[] }[] } = JSON.parse(
    dashboardText(),
  );
  for (const { title, targets } of panels) {
    const names = targets.map(({ refId = 'A' }) => refId);
    expect([title, ...new Set(names)]).toEqual([title, ...names]);
  }
});
