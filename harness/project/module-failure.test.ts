import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-module-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Loads the module in a separate process: vitest loads modules by itself, and the command line by Node. */
async function failureOf(text: string, type = 'module'): Promise<string> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await mkdir(join(folder, 'lib'));
  for (const other of ['helper.ts', 'module.mts', 'lib/index.ts']) await writeFile(join(folder, other), 'export {};');
  await writeFile(join(folder, 'a.spec.ts'), text);
  const source = `
    import { moduleFailure } from ${JSON.stringify(new URL('./module-failure.ts', import.meta.url).href)};
    await import(${JSON.stringify(pathToFileURL(join(folder, 'a.spec.ts')).href)}).catch((error) => {
      const { observed, nextStep } = moduleFailure(error, ${JSON.stringify(folder)});
      console.log(observed + '. ' + nextStep);
    });`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', source]);
  return stdout;
}

describe('a module that does not load says where and why', () => {
  it.each([
    ['syntax', 'const a = 1;\nconst b = ;\n', /^a\.spec\.ts, line 2, column \d+: .*Correct the syntax there/],
    [
      'a missing export',
      "\n  import { nope } from 'node:fs';",
      /^a\.spec\.ts, line 2, column 12: .*nope.*Correct the name/,
    ],
    [
      'a missing file',
      "import './gone.ts';",
      /^Cannot find module 'gone\.ts' imported from a\.spec\.ts\. Correct the path/,
    ],
    [
      'syntax that needs a build',
      'enum A { B }',
      /^a\.spec\.ts, line 1, column 1: .*enum.*Node only removes the types/,
    ],
    ['an error of its own', 'const a: any = {};\na.b.c();', /^a\.spec\.ts, line 2, column 5: Cannot read/],
    ['E24: a file without its ending', "import './helper';", /Write '\.\/helper\.ts' in the import/],
    ['E24: a file by its compiled name', "import './helper.js';", /Write '\.\/helper\.ts' in the import/],
    ['E24: a file of modules', "import './module';", /Write '\.\/module\.mts' in the import/],
    ['E24: a folder', "import './lib';", /Write '\.\/lib\/index\.ts' in the import/],
    ['E24: an alias of tsconfig', "import '@/helper';", /Node does not read the `paths` of tsconfig\.json/],
    ['E24: another alias', "import '~/helper';", /Node does not read the `paths` of tsconfig\.json/],
    ['E24: a package that is not there', "import '@scope/none';", /install the package that it names/],
    ['something thrown that is no error', "throw 'text';", /^it throws 'text', which is not an Error/],
  ])('%s', async (_, text, message) => {
    expect(await failureOf(text)).toMatch(message);
  });

  it.each([
    ['an import', "import { contract } from 'dr-contracts';\n", /Rename the file so that it ends in \.mts/],
    ['an export', 'export const one = 1;\n', /Rename the file so that it ends in \.mts/],
    [
      'a require of a module that has to wait',
      "require('./waits.mjs');\n",
      /instead of require\(\), in a file that ends in \.mts/,
    ],
  ])('E03: in a project of CommonJS, %s', async (_what, text, message) => {
    await writeFile(join(folder, 'waits.mjs'), 'export const one = await 1;');
    expect(await failureOf(text, 'commonjs')).toMatch(message);
  });
});
