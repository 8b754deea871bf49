import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readIndexSettings } from './index-settings.ts';
import { temporaryFolder } from './testing/fake-programs.ts';

const PYPI = 'https://pypi.org/simple';
const none = { PIP_CONFIG_FILE: '/dev/null' };
const settings = (environment: NodeJS.ProcessEnv) => readIndexSettings({ environment: { ...none, ...environment } });

/** The files that pip reads by itself, in ascending precedence. */
const PIP_FILES = ['etc/pip/pip.conf', 'home/.pip/pip.conf', 'home/.config/pip/pip.conf', 'venv/pip.conf'];

/** A machine whose files of pip lie in that folder. */
const linuxIn = (dir: string, PIP_CONFIG_FILE: string) => ({
  environment: { XDG_CONFIG_DIRS: join(dir, 'etc'), VIRTUAL_ENV: join(dir, 'venv'), PIP_CONFIG_FILE },
  platform: 'linux' as const,
  home: join(dir, 'home'),
});

/** Writes a file that names the index by its own path. */
async function writeIndex(dir: string, path: string): Promise<void> {
  const file = join(dir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `# mine\n[global]\nindex-url = https://index.example/${path}\n`);
}

describe('the index of a user', () => {
  it('is the public one where nothing else is said', async () => {
    expect(await settings({})).toEqual({ indexes: [PYPI], certificateFiles: [] });
  });

  it.each([
    [{ UV_INDEX_URL: 'https://c/simple' }, 'https://c/simple'],
    [{ UV_INDEX_URL: 'https://c/simple', UV_DEFAULT_INDEX: 'https://b/simple' }, 'https://b/simple'],
    [{ UV_DEFAULT_INDEX: 'named=https://b/simple' }, 'https://b/simple'],
    [{ UV_DEFAULT_INDEX: 'https://b/simple', PIP_INDEX_URL: 'https://a/simple' }, 'https://a/simple'],
    [{ UV_DEFAULT_INDEX: 'https://b/simple', PIP_INDEX_URL: '' }, 'https://b/simple'],
  ])('with %j is %s', async (environment, expected) => {
    expect((await settings(environment)).indexes).toEqual([expected]);
  });

  it('is none where pip is told to ask none', async () => {
    expect((await settings({ PIP_NO_INDEX: '1', PIP_INDEX_URL: 'https://a' })).indexes).toEqual([]);
  });

  it('is asked first, further ones after it', async () => {
    const { indexes } = await settings({ PIP_INDEX_URL: 'https://a', PIP_EXTRA_INDEX_URL: 'https://b  https://c' });
    expect(indexes).toEqual(['https://a', 'https://b', 'https://c']);
  });

  it('is that of the file that counts most: user before machine, virtual environment before user, PIP_CONFIG_FILE before all', async () => {
    await using folder = await temporaryFolder();
    const machine = linuxIn(folder.dir, join(folder.dir, 'named.conf'));
    for (const path of [...PIP_FILES, 'named.conf']) {
      await writeIndex(folder.dir, path);
      expect((await readIndexSettings(machine)).indexes).toEqual([`https://index.example/${path}`]);
    }
  });

  it('is that of [install] before that of [global], with proxy and certificates; values may go on over lines', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.dir, 'pip.conf');
    await writeFile(
      file,
      '[install]\nindex_url: https://b/simple\n[global]\nindex-url = https://a/simple\nextra-index-url =\n  https://c/simple\n  https://d/simple\nproxy = http://proxy:3128\ncert = /etc/own.pem\n',
    );
    expect(await settings({ PIP_CONFIG_FILE: file, XDG_CONFIG_DIRS: folder.dir })).toEqual({
      indexes: ['https://b/simple', 'https://c/simple', 'https://d/simple'],
      proxy: 'http://proxy:3128',
      certificateFiles: ['/etc/own.pem'],
    });
  });

  it('no file counts where PIP_CONFIG_FILE is the null device, as for pip', async () => {
    await using folder = await temporaryFolder();
    for (const path of PIP_FILES) await writeIndex(folder.dir, path);
    expect((await readIndexSettings(linuxIn(folder.dir, '/dev/null'))).indexes).toEqual([PYPI]);
  });
});
