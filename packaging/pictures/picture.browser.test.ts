import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { rootFolder } from '../places.ts';

/** Finishes every animation, or keeps a page without motion, and reads the visible text. */
async function visibleText(file: string, reducedMotion: 'reduce' | 'no-preference'): Promise<string> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ reducedMotion });
  await page.setContent(await readFile(join(rootFolder, 'docs/images', file), 'utf8'));
  return z.string().parse(await page.evaluate(READ_VISIBLE));
}

/** Runs in the page. */
const READ_VISIBLE = `(() => {
  const moving = document.getAnimations();
  for (const animation of moving) animation.finish();
  const texts = [...document.querySelectorAll('text')].filter((each) => getComputedStyle(each).visibility === 'visible');
  return [moving.length > 0 ? 'moving' : 'still', ...texts.map((each) => each.textContent)].join('\\n');
})()`;

it.each([
  ['no-preference', 'moving'],
  ['reduce', 'still'],
] as const)('the recording of the demo ends on its last frame (motion: %s)', async (motion, how) => {
  const text = await visibleText('demo.svg', motion);
  expect(text).toMatch(new RegExp(`^${how}\n\\$ npx dr-contracts demo\n`));
  expect(text).toContain('| Backup complete');
  expect(text).toMatch(/✘ breached: Nothing came back/);
  expect(text).toMatch(/✔ met: Everything acknowledged before the capture came back the same/);
  expect(text).toMatch(/npx dr-contracts drill {4}drills it$/);
  expect(text).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
});
