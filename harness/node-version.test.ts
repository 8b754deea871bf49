import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { neededNode } from './node-version.ts';

/** Loads the module as the first import of an entry does, on a Node that says it has that version. */
async function loadOn(running: string): Promise<unknown> {
  const version = vi.spyOn(process.versions, 'node', 'get').mockReturnValue(running);
  onTestFinished(() => version.mockRestore());
  vi.resetModules();
  return await import('./node-version.ts');
}

describe('the Node that the package needs', () => {
  it.each(['18.0.0', '20.20.2', '22.9.9', '22.22.1'])('E09: Node %s is refused in one sentence', async (running) => {
    await expect(loadOn(running)).rejects.toThrow(
      new RegExp(
        `^dr-contracts: Node\\.js: expected 22\\.22\\.2 or newer, but this is ${running}\\. Install Node 24\\.$`,
      ),
    );
  });

  it.each(['22.22.2', '22.23.0', '24.0.0', '26.1.0'])('Node %s is accepted', async (running) => {
    await expect(loadOn(running)).resolves.toMatchObject({ neededNode: expect.any(Function) });
  });

  it('is the version that package.json declares', () => {
    expect(neededNode()).toBe('22.22.2');
  });

  it.each(['./index.ts', './contract/vitest-target.ts'])(
    'E09: %s checks it before it loads anything else',
    async (entry) => {
      const text = await readFile(new URL(entry, import.meta.url), 'utf8');
      expect(/^import .*$/m.exec(text)?.[0]).toMatch(/node-version\.ts';$/);
    },
  );
});
