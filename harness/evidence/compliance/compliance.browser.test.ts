import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, sidewaysPixels, TestBrowser } from '../page/testing/test-browser.ts';
import { renderComplianceHtml } from './render-compliance.ts';
import { madeUpReport, ordersDrill, ordersPromise, review } from './testing/made-up-period.ts';

// The compliance report in a real browser. `npm run test:page` installs one if it is missing.

let folder: string;
let address: string;
let browser: TestBrowser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-compliance-browser-'));
  browser = new TestBrowser(folder);
  const promises = [ordersPromise({ disasters: ['stream-deleted', 'server-lost'], cadenceMs: 86_400_000 })];
  const days = [
    { on: '2026-11-02', promises, posture: 'met' as const, afterRun: [review] },
    { on: '2026-11-10', promises, drills: [ordersDrill('unproven')] },
    { on: '2026-11-12', promises, drills: [ordersDrill('at-risk')] },
    { on: '2026-11-20', promises, drills: [ordersDrill('breached')], ending: 'run-killed' as const },
  ];
  const file = join(folder, 'report.html');
  await writeFile(file, await renderComplianceHtml(madeUpReport(days, '2026-11-01', '2026-11-30')));
  address = pathToFileURL(file).href;
});
afterEach(() => browser.closeAll());
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the compliance report in a browser', () => {
  it.each(['light', 'dark'] as const)(
    'is clean for axe in the %s theme, with an empty console and no request',
    async (colorScheme) => {
      const { page, said, requests } = await browser.open(address, { colorScheme });
      expect(await axeViolations(page)).toEqual([]);
      expect(said).toEqual([]);
      expect(requests.filter((url) => url !== address && !url.startsWith('data:'))).toEqual([]);
    },
  );

  it.each([360, 768, 1280])('needs no sideways scrolling at %i px', async (width) => {
    const { page } = await browser.open(address, { viewport: { width, height: 900 } });
    expect(await sidewaysPixels(page)).toBe(0);
  });

  it('says everything without JavaScript', async () => {
    const { page } = await browser.open(address, { javaScriptEnabled: false });
    expect(await page.locator('section').count()).toBe(9);
    expect(await page.locator('button:visible, input:visible').count()).toBe(0);
  });
});
