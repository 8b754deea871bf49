import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { causes } from '../harness/model/causes.ts';
import { findingNames } from '../harness/model/record-parts.ts';
import { imageNames, imageVariableOf } from '../harness/targets/docker/settings.ts';
import { blocksOf, commandLinesOf, commandsIn } from './document-blocks.ts';
import { manifestFile, rootFolder } from './places.ts';

// Checks of the documents without running them. packaging/documents.trial.ts runs every block of the README, of docs/bring-your-own.md and
// of docs/extend.md.

const read = (path: string): Promise<string> => readFile(join(rootFolder, path), 'utf8');
const manifest = z
  .object({ engines: z.object({ node: z.string() }), files: z.array(z.string()) })
  .parse(JSON.parse(await readFile(manifestFile, 'utf8')));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...(await readdir(join(rootFolder, 'docs/decisions'))).map((name) => `docs/decisions/${name}`),
  ...(await readdir(join(rootFolder, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

/** Returns the commands of `.ci/run` under one of its comments, up to the next. */
async function stepsOfCi(comment: string): Promise<readonly string[]> {
  const [, part = ''] = (await read('.ci/run')).split(`# ${comment}\n`);
  const [section = ''] = part.split('\n\n');
  return [...section.matchAll(/^step (?:'[^']*'|"[^"]*") (.*)$/gm)].map(([, command = '']) => command);
}

describe('the command lines of the README', () => {
  it('are exactly the steps with which .ci/run begins on a clean clone', async () => {
    const blocks = blocksOf(await read('README.md'));
    const lines = blocks
      .filter(({ section, language }) => language === 'sh' && ['See it in a minute', 'Run it'].includes(section))
      .flatMap(({ text }) => commandLinesOf(text));
    expect(lines).toEqual(['npm ci && npx dr-contracts demo', 'npm ci && npm run drill', 'npm ci && npm test']);
    const checks = ['scripts_run_on_node_24', 'npm run runbook -- --check'];
    const steps = (await stepsOfCi("The README's command lines.")).filter((command) => !checks.includes(command));
    expect(steps).toEqual([...new Set(lines.flatMap((line) => line.split(' && ')))]);
  });

  it('are those of its table of times', async () => {
    const rows = [...(await read('README.md')).matchAll(/^\| `(npm ci [^`]+)` +\|(.*)\|$/gm)];
    expect(rows.map(([, line]) => line)).toEqual([
      'npm ci && npx dr-contracts demo',
      'npm ci && npm run drill',
      'npm ci && npm test',
    ]);
    for (const [, , times = ''] of rows) {
      expect(times.split('|').filter((time) => /^ +(?:[\d½ ]+(?:to \d+ )?(?:min|s) ?)+ *$/.test(time))).toHaveLength(4);
    }
  });

  it('show a contract in twenty lines', async () => {
    const [contract] = blocksOf(await read('README.md')).filter(({ language }) => language === 'ts');
    expect(contract?.text.trim().split('\n').length).toBeLessThanOrEqual(20);
  });
});

describe('the documents', () => {
  it('name no command in a sentence that documents.trial.ts does not run', async () => {
    const trial = await read('packaging/documents.trial.ts');
    for (const page of ['README.md', 'docs/bring-your-own.md']) {
      const markdown = await read(page);
      const inBlocks = blocksOf(markdown).flatMap(({ text }) => commandLinesOf(text));
      const others = commandsIn(markdown).filter((command) => !inBlocks.includes(command));
      expect(others.filter((command) => !trial.includes(`page.command('${command}')`))).toEqual([]);
    }
  });

  it('E28: say which Node is needed as package.json does', async () => {
    expect(await read('README.md')).toContain(`Node ${manifest.engines.node.replace('>=', '')} or newer`);
  });

  it('E28: spell out the four abbreviations in the README, and say how contracts are named in a CommonJS project', async () => {
    const readme = (await read('README.md')).replaceAll(/\s+/g, ' ');
    for (const words of ['RTO (recovery time objective', 'RPO (recovery point objective'])
      expect(readme).toContain(words);
    for (const words of ['RTA (recovery time actual)', 'RPA (recovery point actual)']) expect(readme).toContain(words);
    expect(readme).toContain('`.spec.mts` in a project without `"type": "module"`');
  });

  it('E28: name vitest only with the two steps that it needs', async () => {
    for (const page of ['README.md', 'docs/README.md', 'docs/bring-your-own.md']) {
      expect(commandsIn(await read(page)).filter((command) => command.includes('vitest'))).toEqual([]);
    }
    const [config] = blocksOf(await read('docs/api.md')).filter(({ text }) => text.startsWith('// vitest.config.ts'));
    expect(config?.text).toContain('npm install --save-dev vitest');
    expect(config?.text).toContain("globalSetup: ['dr-contracts/vitest']");
  });

  it('E28: count and name every finding, and list every cause', async () => {
    const page = await read('docs/measurement.md');
    const [, told = ''] = /^There are (nine findings: .*?)\. The worst/ms.exec(page) ?? [];
    const named = [...told.matchAll(/_([a-z-]+)_/g)].map(([, name = '']) => name);
    expect([...new Set(named)].toSorted()).toEqual([...findingNames].toSorted());
    expect(findingNames).toHaveLength(9);
    const listed = await read('docs/causes.md');
    expect(Object.keys(causes).filter((cause) => !listed.includes(`\`${cause}\``))).toEqual([]);
  });

  it('E28: say that the poor platform is in the repository, because the package has none', async () => {
    expect(manifest.files.filter((file) => file.includes('poor-platform'))).toEqual([]);
    expect((await read('docs/bring-your-own.md')).replaceAll(/\s+/g, ' ')).toContain(
      'The repository of dr-contracts (not the installed package) has `fixtures/poor-platform`',
    );
  });

  it('E28: list each variable of --help, which lists each of theirs', async () => {
    const bin = join(rootFolder, 'bin/dr-contracts.mjs');
    const { stdout: help } = await execa(process.execPath, [bin, '--help'], { env: { VITEST: '' } });
    const docker = await read('docs/docker.md');
    for (const name of imageNames()) {
      expect(docker).toContain(`\`${imageVariableOf(name)}\``);
      expect(help).toMatch(new RegExp(`\\b${imageVariableOf(name).replace('DR_CONTRACTS_IMAGE_', '')}\\b`));
    }
    const patterns = [/_IMAGE_\w+$/, /_WEBHOOK(?:_FILE)?$/, /^DR_CONTRACTS_(?:NATS_SERVER|NATS|VELERO|KIND|KUBECTL)$/];
    for (const page of pages) {
      for (const [name] of (await read(page)).matchAll(/\bDR_CONTRACTS_[A-Z_]+\b(?!<)/g)) {
        if (!patterns.some((pattern) => pattern.test(name)))
          expect(help.includes(name), `--help says what ${name} of ${page} is`).toBe(true);
      }
    }
  });

  it('E28: have no dead link', async () => {
    const dead: string[] = [];
    for (const page of pages) {
      // Links in blocks of code and in comments are invisible to a reader.
      const text = (await read(page)).replaceAll(/^```[\s\S]*?^```$|<!--[\s\S]*?-->/gm, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? resolve(rootFolder, page) : resolve(rootFolder, dirname(page), path);
        const isThere = await access(file).then(
          () => true,
          () => false,
        );
        const headings = anchor === undefined || !isThere ? [] : anchorsOf(await readFile(file, 'utf8'));
        if (!isThere || (anchor !== undefined && !headings.includes(anchor))) dead.push(`${page}: ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it('name only commands that there are', async () => {
    const bin = join(rootFolder, 'bin/dr-contracts.mjs');
    const { stdout: help } = await execa(process.execPath, [bin, '--help'], { env: { VITEST: '' } });
    const commands = [...help.matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, name = '']) => name);
    expect(commands).toContain('drill');
    const unknown: string[] = [];
    for (const page of pages) {
      for (const [text, name = ''] of (await read(page)).matchAll(/(?:`|npx )dr-contracts ([a-z][a-z-]*)\b/g)) {
        if (!commands.includes(name)) unknown.push(`${page}: ${text}`);
      }
    }
    expect(unknown).toEqual([]);
  });

  it('are all named by the first page of docs/', async () => {
    const first = await read('docs/README.md');
    for (const page of pages.filter((each) => /^docs\/[^/]+$/.test(each) && each !== 'docs/README.md')) {
      expect(first).toContain(`(${page.replace('docs/', '')}`);
    }
  });
});

/** Anchors that code forges derive from headings. */
const anchorsOf = (markdown: string): readonly string[] =>
  [...markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
