import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pipFiles, readIndexSettings } from './index-settings.ts';
import { temporaryFolder } from './testing/fake-programs.ts';

const PYPI = 'https://pypi.org/simple';
const none = { PIP_CONFIG_FILE: '/dev/null' };
const settings = (environment: NodeJS.ProcessEnv) => readIndexSettings({ environment: { ...none, ...environment } });

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
    const machine = {
      environment: {
        XDG_CONFIG_DIRS: join(folder.dir, 'etc'),
        VIRTUAL_ENV: join(folder.dir, 'venv'),
        PIP_CONFIG_FILE: join(folder.dir, 'named.conf'),
      },
      platform: 'linux' as const,
      home: join(folder.dir, 'home'),
    };
    const write = async (path: string, url: string) => {
      const file = join(folder.dir, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `# mine\n[global]\nindex-url = ${url}\n`);
    };
    const inOrder = [
      'etc/pip/pip.conf',
      'home/.pip/pip.conf',
      'home/.config/pip/pip.conf',
      'venv/pip.conf',
      'named.conf',
    ];
    for (const path of inOrder) {
      await write(path, `https://index.example/${path}`);
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

  it('no file counts where PIP_CONFIG_FILE is the null device, as for pip', () => {
    expect(pipFiles({ environment: none })).toEqual([]);
  });
});
