import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import { fullDrill, fullRun, pastDrill } from './testing/made-up-page.ts';
import { axeViolations, sidewaysPixels, TestBrowser, unfold } from './testing/test-browser.ts';
import { writePage } from './write-page.ts';

let folder: string;
let address: string;
let browser: TestBrowser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-page-browser-'));
  browser = new TestBrowser(folder);
  const drills = [
    fullDrill('orders', 'breached'),
    fullDrill('users', 'unproven'),
    fullDrill('api', 'at-risk'),
    fullDrill('archive'),
    fullDrill('a-name-without-any-place-to-break-it-'.repeat(3).replaceAll('-', '')),
  ];
  const run = fullRun(drills);
  const checks = [
    { name: 'bucket-settings', verdict: 'met' as const, sentence: '27 settings compared, all as promised.' },
  ];
  const past = drills.flatMap((drill) => [1, 2, 3].map((day) => pastDrill(drill, day)));
  const checked = { ...run, postures: [...(run.postures ?? []), madeUpPosture(checks)].slice(1) };
  const file = join(folder, 'report.html');
  await writePage({ outDir: folder, run: checked, history: { past }, file, root: folder });
  address = pathToFileURL(file).href;
});

afterEach(() => browser.closeAll());
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (settings: Parameters<TestBrowser['open']>[1] = {}, place = '') =>
  browser.open(`${address}${place}`, settings);

const phone = { width: 360, height: 740 };
describe('the report page in a browser', () => {
  it.each(['light', 'dark'] as const)(
    'is clean for axe in the %s theme, with an empty console and no request',
    async (colorScheme) => {
      const { page, said, requests } = await open({ colorScheme });
      expect(await axeViolations(page)).toEqual([]);
      expect(said).toEqual([]);
      expect(requests.filter((url) => url !== address && !url.startsWith('data:'))).toEqual([]);
    },
  );

  it.each([phone, { width: 768, height: 900 }, { width: 1280, height: 900 }])(
    'needs no sideways scrolling at $width px',
    async (viewport) => {
      const { page } = await open({ viewport });
      await unfold(page);
      expect(await sidewaysPixels(page)).toBe(0);
    },
  );

  // axe hangs on a page without scripts, so this test reads the text.
  it('says everything without JavaScript, and shows no control that would do nothing', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    const text = await page.locator('body').innerText();
    expect(text).toContain('What needs a human');
    expect(await page.locator('#promise-table tbody tr').count()).toBe(5);
    expect(await page.locator('button:visible, input:visible').count()).toBe(0);
    expect(await page.locator('svg.chart').count()).toBeGreaterThan(15);
  });

  it('opens a promise from its address, with and without JavaScript', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await open({ javaScriptEnabled }, '#promise--archive--stream-deleted');
      await page.locator('#promise--archive--stream-deleted').waitFor({ state: 'visible' });
      expect(await page.locator('#promise--archive--stream-deleted').isVisible()).toBe(true);
    }
  });

  it('filters and sorts with the keyboard alone, and keeps the filter in the address', async () => {
    const { page } = await open();
    const pressed = async (name: string) => {
      for (let tabs = 0; tabs < 60; tabs += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate<string>('document.activeElement?.textContent ?? ""')) === name) break;
      }
      await page.keyboard.press('Enter');
    };
    await pressed('breached 1');
    expect(await page.locator('#promise-table tbody tr:visible').count()).toBe(1);
    expect(page.url()).toContain('#verdict=breached');
    await page.reload();
    expect(await page.locator('#promise-table tbody tr:visible').count()).toBe(1);
    await page.goto(`${address}#q=archive`);
    await page.reload();
    expect(await page.locator('#promise-table tbody tr:visible').count()).toBe(1);
    await page.goto(address);
    await page.reload();
    await pressed('Promise');
    expect(await page.locator('#promise-table tbody tr').first().innerText()).toContain('anamewithout');
  });

  it('prints every promise in full, on white, whatever the theme', async () => {
    const { page } = await open({ colorScheme: 'dark', javaScriptEnabled: false });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    // The shade of a folded promise is visible in print.
    const { height = 0 } = (await page.locator('#promise--archive--stream-deleted').boundingBox()) ?? {};
    expect(height).toBeGreaterThan(300);
    const pdf = await page.pdf({ format: 'A4', tagged: true, outline: true, printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(50_000);
  });
});
