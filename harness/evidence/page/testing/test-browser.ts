import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

// Opens pages in a real browser for tests. `npm run test:page` installs one if it is missing.

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const args = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export interface Opened {
  readonly page: Page;
  /** Messages of the console, and requests to the network. */
  readonly said: readonly string[];
  readonly requests: readonly string[];
}

type Settings = NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>;

export class TestBrowser {
  readonly #folder: string;
  readonly #contexts: BrowserContext[] = [];

  /** @param folder for profiles, which is removed by its owner. */
  constructor(folder: string) {
    if (!existsSync(executablePath)) throw new Error(`no browser at ${executablePath}: run npm run test:page`);
    this.#folder = folder;
  }

  /** Opens an address in a profile of its own. */
  async open(address: string, settings: Settings = {}): Promise<Opened> {
    const profile = await mkdtemp(join(this.#folder, 'profile-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args,
      headless: true,
      ...settings,
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    const [said, requests]: [string[], string[]] = [[], []];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
    return { page, said, requests };
  }

  async closeAll(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
  }
}

/** The violations that axe finds on a page with every section unfolded. It hangs on a page without scripts. */
export async function axeViolations(page: Page): Promise<string[]> {
  await unfold(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

export const unfold = (page: Page): Promise<unknown> =>
  page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");

/** How many pixels the page is wider than the screen. */
export const sidewaysPixels = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
