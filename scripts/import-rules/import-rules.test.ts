import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { withTable } from './document.ts';
import { linterRulesText } from './linter-rules.ts';
import { type ImportRule, importRules } from './table.ts';

const RULES = 'scripts/import-rules/linter-rules.json';
const TEST_FILE = /\.test\.ts$|\/testing\/|\/testing\.ts$/;
/** Every form of an import: `from '…'`, `import('…')`, also in a type, and `import '…'`. */
const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

const report = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string() }) })),
});

/** Returns the folder of the rule for a file, or the file itself at the top of `harness/`. */
function placeOf(file: string): string {
  const [top = '', second = '', third] = file.split('/');
  if (second === '') return top;
  return top === 'systems' && third !== undefined ? `systems/${second}` : top;
}

const ruleOf = (place: string): ImportRule | undefined =>
  importRules.find(({ folder }) => folder === place) ??
  (place.startsWith('systems/') ? importRules.find(({ folder }) => folder === 'systems/*') : undefined);

/** Returns the part of a rule that allows the import, if one does. */
function allows(allowed: readonly string[], file: string): string | undefined {
  const place = placeOf(file);
  return allowed.find((path) => {
    if (path.endsWith('.ts')) return new RegExp(`^${path.replace('*', '[^/]+')}$`).test(file);
    return path === place;
  });
}

interface Import {
  readonly importer: string;
  readonly imported: string;
}

async function importsOfProduction(): Promise<readonly Import[]> {
  const found: Import[] = [];
  for (const path of await readdir('harness', { recursive: true })) {
    if (!path.endsWith('.ts') || TEST_FILE.test(path)) continue;
    const text = await readFile(join('harness', path), 'utf8');
    for (const [, specifier = ''] of text.matchAll(IMPORT)) {
      found.push({ importer: path, imported: posix.join(posix.dirname(path), specifier) });
    }
  }
  return found;
}

/** Returns the files that the linter refuses, among files with the given imports, in a folder that contains only them and the rules. */
async function refused(files: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-import-rules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const path of ['biome.json', RULES]) await cp(path, join(folder, path));
  for (const [file, imported] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `import { thing } from '${imported}';\n\nexport const used = thing;\n`);
  }
  const args = [
    'lint',
    '--only=style/noRestrictedImports',
    '--vcs-enabled=false',
    '--max-diagnostics=none',
    '--reporter=json',
  ];
  const { stdout } = await execa(resolve('node_modules/.bin/biome'), args, { cwd: folder, reject: false });
  const { diagnostics } = report.parse(JSON.parse(stdout));
  return new Set(diagnostics.map(({ location }) => location.path));
}

describe('the import rules', () => {
  it('are what the linter is given: npm run import-rules', async () => {
    expect(await readFile(RULES, 'utf8')).toBe(linterRulesText(importRules));
  });

  it('are what docs/architecture.md shows: npm run import-rules', async () => {
    const page = await readFile('docs/architecture.md', 'utf8');
    expect(withTable(page, importRules)).toBe(page);
  });

  it('have a row for each folder of the harness', async () => {
    const folders = new Set((await importsOfProduction()).map(({ importer }) => placeOf(importer)));
    const without = [...folders].filter((place) => !place.endsWith('.ts') && ruleOf(place) === undefined);
    expect(without).toEqual([]);
  });

  it('are kept by every import, whichever form it has, and allow nothing that nobody needs', async () => {
    const breaches: string[] = [];
    const needed = new Set<string>();
    for (const { importer, imported } of await importsOfProduction()) {
      const rule = ruleOf(placeOf(importer));
      if (rule === undefined || rule.mayImport === 'everything' || placeOf(importer) === placeOf(imported)) continue;
      const by = allows(rule.mayImport, imported);
      if (by === undefined) breaches.push(`${importer} imports ${imported}`);
      else needed.add(`${rule.folder}: ${by}`);
    }
    expect(breaches).toEqual([]);
    const allowed = importRules.flatMap(({ folder, mayImport }) =>
      mayImport === 'everything' ? [] : mayImport.map((path) => `${folder}: ${path}`),
    );
    expect(allowed.filter((each) => !needed.has(each))).toEqual([]);
  });

  it('make the linter refuse what a row leaves out, and nothing else, at every depth', {
    timeout: 120_000,
  }, async () => {
    const folders = importRules.flatMap(({ folder }) =>
      folder === 'systems/*' ? ['systems/iam', 'systems/s3'] : folder === 'systems' ? [] : [folder],
    );
    const files = new Map<string, string>();
    const expected = new Set<string>();
    for (const folder of folders) {
      for (const below of folder.includes('/') ? ['', 'deep/'] : ['', 'deep/', 'deep/deeper/']) {
        for (const other of folders.filter((name) => name !== folder)) {
          const file = `harness/${folder}/${below}to-${other.replace('/', '-')}.ts`;
          files.set(file, posix.relative(posix.dirname(file), `harness/${other}/x.ts`));
          const rule = ruleOf(folder);
          const may = rule?.mayImport ?? [];
          if (may !== 'everything' && allows(may, `${other}/x.ts`) === undefined) expected.add(file);
        }
      }
    }
    for (const pure of ['model', 'verdict']) {
      files.set(`harness/${pure}/reads.ts`, 'node:fs');
      expected.add(`harness/${pure}/reads.ts`);
    }
    files.set('harness/procedures/offered.ts', '../systems/s3/access.ts');
    files.set('contracts/deep.spec.ts', '../harness/drill/x.ts').set('contracts/entry.spec.ts', 'dr-contracts');
    files.set('fixtures/of-project.ts', '../harness/model/x.ts');
    expected.add('contracts/deep.spec.ts').add('fixtures/of-project.ts');
    expect([...(await refused(files))].sort()).toEqual([...expected].sort());
  });
});
