import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rootFolder } from '../places.ts';
import { type Frame, pictureOf } from './picture.ts';
import { shown } from './recording.ts';

const frame = async (atMs: number, text: string): Promise<Frame> => ({ ...(await shown(text, 40)), atMs });

it('shows the text, the colours and the weight of a terminal', async () => {
  const picture = pictureOf(
    [await frame(0, '\u001B[1ma < b\u001B[0m \u001B[31mbreached\u001B[0m   \nlast')],
    'label "x"',
  );
  expect(picture).toContain('aria-label="label &quot;x&quot;"');
  expect(picture).toContain('font-weight="bold">a &lt; b</tspan>');
  expect(picture).toMatch(/fill="#f85149">breached<\/tspan>/);
  expect(picture).toContain('>last</tspan>');
  expect(picture).not.toContain('<style>');
});

it('plays its frames once: a line waits for its frame, gives way to the one in its place, and the last frame stays', async () => {
  const frames = [await frame(0, '$ demo'), await frame(500, '$ demo\nbacking up'), await frame(2_000, '$ demo\nmet')];
  const lines = pictureOf(frames, 'demo').split('\n');
  const lineOf = (text: string) => lines.find((line) => line.includes(`>${text}<`)) ?? '';
  expect(lineOf('$ demo')).not.toContain('class');
  expect(lineOf('backing up')).toContain('class="p" style="animation-duration:1500ms;animation-delay:500ms"');
  expect(lineOf('met')).toContain('class="w" style="animation-duration:2000ms"');
});

it.each(['demo.svg', 'run.svg', 'gate.svg'])(
  '%s has no script and takes nothing from elsewhere, so that code forges show it',
  async (name) => {
    const picture = await readFile(join(rootFolder, 'docs/images', name), 'utf8');
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img" aria-label="[^"]+">/);
    expect(picture).not.toMatch(/<script|<foreignObject|<image|\bhref=|url\(|@import|\bon[a-z]+=/i);
    expect(picture).not.toMatch(/\/(?:work|home|root|tmp)\//);
  },
);
