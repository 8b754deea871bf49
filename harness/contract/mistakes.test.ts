import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import { plainManifests } from '../manifests/testing/plain.ts';
import { ContractMistakeError } from '../model/errors.ts';
import { requireExecutable } from '../process/named-program.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import { mistakeText, throwMistakes } from '../project/mistakes.ts';
import { prepareRun } from '../project/prepare-run.ts';
import { scalesOf } from './drill-contract.ts';
import { checkPromises, loadContracts, loadPromises, selectPromises } from './load.ts';
import { preparePromises } from './prepare.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-mistakes-'));
});
afterEach(async () => {
  usePlatformFolder(process.cwd());
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string, text: string): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
}

async function executable(path: string): Promise<void> {
  await write(path, '#!/bin/sh\n');
  await chmod(join(folder, path), 0o755);
}

const IMPORTS = `import { contract, jetstream, script } from '${resolve('harness/index.ts')}';\n`;
const source = (name: string, changes = '', script = 'ops/good.sh') => `
contract({
  name: '${name}',
  asset: jetstream({ streams: [{ name: 'orders', subjects: ['orders.created'], messages: 10 }] }),
  rto: '15m', rpo: '5m', priority: 'P1', owner: 'messaging',
  protectedBy: script({ backup: '${script}', restore: '${script}', schedule: { cron: '*/2 * * * *' }, prefix: 'x/' }),
  survives: ['stream-deleted'],
  ${changes}
});
`;

const files = async () => await (await prepareRun({ root: folder })).contractFiles();
const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);

describe('a mistake in one contract', () => {
  it('stops that contract, names file and contract, and leaves the others of its file', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('bad', "rto: 'soon',")}${source('good')}`);
    const { contracts, mistakes } = await loadPromises(await files());
    expect(names(contracts)).toEqual(['good']);
    expect(mistakes).toMatchObject([{ contract: 'bad', file: 'contracts/a.spec.ts' }]);
    expect(mistakes.map(mistakeText)[0]).toMatch(/contract "bad" in contracts\/a\.spec\.ts.*rto/);
  });

  it('N20: is an expression that the author typed and that never fires', async () => {
    const never = source('never').replace("'*/2 * * * *'", "'0 0 30 2 *'");
    await write('contracts/a.spec.ts', `${IMPORTS}${never}${source('healthy')}`);
    const { contracts, mistakes } = await loadPromises(await files());
    expect(names(contracts)).toEqual(['healthy']);
    expect(mistakes.map(mistakeText)).toEqual([
      expect.stringMatching(/contract "never" in contracts\/a\.spec\.ts.*"0 0 30 2 \*".*(?:never|no backup is taken)/),
    ]);
  });

  it.each(['0 0 30 2 *', '0 2 * * 7', '@every 1d'])(
    'N20: is no CronJob of the manifests with "%s": its contract is breached, and no other one stops',
    async (schedule) => {
      await write(
        'ops/cronjob.yaml',
        `apiVersion: batch/v1
kind: CronJob
metadata: { name: backup, namespace: ops }
spec:
  schedule: "${schedule}"
  jobTemplate: { spec: { template: { spec: { containers: [{ name: a, image: tools, command: [true], env: [{ name: BACKUP_PREFIX, value: x/ }] }] } } } }
`.replace('[true]', '["true"]'),
      );
      const cronJob = "cronJob({ manifests: 'ops/cronjob.yaml', name: 'backup', restore: 'ops/good.sh' })";
      const never = source('never').replace(/script\(\{.*?prefix: 'x\/' \}\)/, cronJob);
      await write(
        'contracts/a.spec.ts',
        `${IMPORTS.replace('script }', 'script, cronJob }')}${never}${source('healthy')}`,
      );
      const { contracts, mistakes } = await loadPromises(await files());
      expect(mistakes).toEqual([]);
      expect(names(contracts)).toEqual(['never', 'healthy']);
      const prepared = await preparePromises({ contracts, postures: [], mistakes }, plainManifests);
      expect(prepared.mistakes).toEqual([]);
      const [contract] = prepared.contracts;
      await expect(contract?.protectedBy.backup({} as never)).rejects.toThrow(
        /CronJob ops\/backup in ops\/cronjob\.yaml.*no backup is ever taken/,
      );
    },
  );

  it("is a check of a schedule whose objective is that of a contract with `rpo: 'none'`", async () => {
    const check = (contract: string) =>
      `posture({ name: 'p-${contract}', owner: 'me', checks: [cronJobRuns({ namespace: 'a', name: 'b', for: '${contract}' })] });\n`;
    const imports = IMPORTS.replace('script }', 'script, posture, cronJobRuns }');
    const without = source('stateless').replace("rpo: '5m'", "rpo: 'none'");
    await write('contracts/a.spec.ts', `${imports}${source('good')}${without}${check('good')}${check('stateless')}`);
    const { postures, mistakes } = await loadPromises(await files());
    expect(names(postures)).toEqual(['p-good']);
    expect(mistakes.map(mistakeText)).toEqual([expect.stringMatching(/contract "stateless" has `rpo: 'none'`/)]);
  });

  it.each([
    [
      'a CronJob that is not there',
      'kind: Job',
      /"bad" in contracts\/a\.spec\.ts.*CronJob nightly.*ops\/all\.yaml has none/,
    ],
    ['an object without a name', 'metadata: {}', /"bad" in contracts\/a\.spec\.ts.*ops\/all\.yaml.*CronJob/],
    ['an object whose name is made up on creation', 'metadata: { generateName: x- }', /CronJob x- has a generateName/],
    ['broken YAML', 'spec: [', /ops\/all\.yaml: expected valid YAML/],
  ])(
    'C25: is %s in the manifests: known when a run is prepared, not when contracts are listed',
    async (_, line, text) => {
      const object = `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: other }\nspec: {}\n`;
      await write('ops/all.yaml', object.replace(new RegExp(`^${line.slice(0, line.indexOf(':'))}:.*$`, 'm'), line));
      await write('ops/good.sh', '');
      const cronJob = "cronJob({ manifests: 'ops/all.yaml', name: 'nightly', restore: 'ops/good.sh' })";
      const bad = source('bad').replace(/script\(\{.*?prefix: 'x\/' \}\)/, cronJob);
      await write('contracts/a.spec.ts', `${IMPORTS.replace('script }', 'script, cronJob }')}${bad}${source('good')}`);
      const listed = await loadPromises(await files());
      expect(names(listed.contracts)).toEqual(['bad', 'good']);
      expect(listed.mistakes).toEqual([]);
      const prepared = await preparePromises(listed, plainManifests);
      expect(names(prepared.contracts)).toEqual(['good']);
      expect(prepared.mistakes.map(mistakeText)).toEqual([expect.stringMatching(text)]);
    },
  );

  it('is a check whose objective is that of a contract that there is not', async () => {
    const check = (contract: string) =>
      `posture({ name: 'p-${contract}', owner: 'me', checks: [cronJobRuns({ namespace: 'a', name: 'b', for: '${contract}' })] });\n`;
    const imports = IMPORTS.replace('script }', 'script, posture, cronJobRuns }');
    await write('contracts/a.spec.ts', `${imports}${check('goood')}${check('good')}`);
    await write('contracts/b.spec.ts', `${IMPORTS}${source('good')}`);
    const { postures, mistakes } = await loadPromises(await files());
    expect(names(postures)).toEqual(['p-good']);
    expect(mistakes.map(mistakeText)).toEqual([expect.stringMatching(/"goood" \(did you mean "good"\?\)/)]);
  });

  it('leaves the other files when its own does not load, defines nothing, or uses a name again', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('good')}`);
    await write('contracts/b.spec.ts', 'this is no TypeScript');
    await write('contracts/c.spec.ts', 'export {};');
    await write('contracts/d.spec.ts', `${IMPORTS}${source('good')}${source('other')}`);
    await write('contracts/e.spec.ts', `${IMPORTS}jetstream({ stream: [] });`);
    const { contracts, mistakes } = await loadPromises(await files());
    expect(names(contracts)).toEqual(['good', 'other']);
    expect(mistakes.map(({ file }) => file)).toEqual(['b', 'c', 'd', 'e'].map((name) => `contracts/${name}.spec.ts`));
    for (const mistake of mistakes) expect(mistakeText(mistake)).toContain(mistake.file);
  });

  it('in the options of one of its parts stops that contract, and the others of its file are run', async () => {
    const two = source('bad').replace('messages: 10', 'message: 10').replace("cron: '*/2 * * * *'", "corn: 'x'");
    await write('contracts/a.spec.ts', `${IMPORTS}${two}${source('good')}`);
    await write('contracts/b.spec.ts', `${IMPORTS}jetstream({ stream: [] });${source('other')}`);
    const { contracts, mistakes } = await loadPromises(await files());
    expect(names(contracts)).toEqual(['good', 'other']);
    const [streams = '', script = '', unused = ''] = mistakes.map(mistakeText);
    expect(streams).toMatch(
      /contract "bad" in contracts\/a\.spec\.ts: jetstream\(…\).*unknown field "streams\.0\.message" \(did you mean "messages"\?\)/,
    );
    expect(script).toMatch(/contract "bad" in contracts\/a\.spec\.ts: script\(…\).*schedule/);
    expect(unused).toMatch(
      /contracts\/b\.spec\.ts: jetstream\(…\).*unknown field "stream" \(did you mean "streams"\?\)/,
    );
    expect(mistakes).toHaveLength(3);
  });

  it('is named with its file and contract where it leaves nothing to run', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('gone', '', 'ops/gone.sh')}`);
    const { mistakes } = await checkPromises(await loadPromises(await files()));
    expect(() => throwMistakes(mistakes)).toThrow(
      /contract "gone" in contracts\/a\.spec\.ts: backup script ops\/gone\.sh/,
    );
  });

  it('does not hide its contract from somebody who misspells the name', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('payments', "rto: 'soon',")}`);
    expect(() => selectPromises({ contracts: [], postures: [], mistakes: [] }, ['x'])).toThrow(/none of that name/);
    const promises = await loadPromises(await files());
    expect(() => selectPromises(promises, ['paymnts'])).toThrow(/did you mean "payments"\?/);
  });

  it('is no concern of a run that asks for another contract, and is one of a run that asks for this', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('bad', "rto: 'soon',")}${source('good')}`);
    const promises = await loadPromises(await files());
    expect(selectPromises(promises, ['good']).mistakes).toEqual([]);
    expect(selectPromises(promises, ['bad']).mistakes).toHaveLength(1);
    expect(() => selectPromises(promises, ['gone'])).toThrow(/none of that name/);
  });

  it('is thrown to those who want every contract or none, such as the runbook', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('bad', "rto: 'soon',")}${source('good')}`);
    await expect(loadContracts(await files())).rejects.toThrow(/"bad"/);
  });

  it('B31: a file that was loaded before in this process gives its contracts again', async () => {
    await write('contracts/a.spec.ts', `${IMPORTS}${source('good')}`);
    expect(names((await loadPromises(await files())).contracts)).toEqual(['good']);
    expect(names((await loadPromises(await files())).contracts)).toEqual(['good']);
  });
});

describe('scripts that a contract names', () => {
  it('E22: are looked for before anything starts, and named as the contract names them', async () => {
    await executable('ops/good.sh');
    await write('ops/plain.sh', '#!/bin/sh\n');
    await write(
      'contracts/a.spec.ts',
      `${IMPORTS}${source('good')}${source('plain', '', 'ops/plain.sh')}${source('gone', '', 'ops/gone.sh')}`,
    );
    const { contracts, mistakes } = await checkPromises(await loadPromises(await files()));
    expect(names(contracts)).toEqual(['good']);
    expect(mistakes.map(({ contract }) => contract)).toEqual(['plain', 'gone']);
    const [plain = '', gone = ''] = mistakes.map(mistakeText);
    expect(plain).toMatch(/ops\/plain\.sh: expected an executable file.*chmod \+x ops\/plain\.sh/);
    expect(gone).toMatch(/ops\/gone\.sh: expected a file, but there is none at that path/);
  });

  it.each([
    [
      'Windows line ends',
      '#!/bin/sh\r\nexit 0\r\n',
      /Windows line ends\), so it cannot run\. Save it with Unix line ends/,
    ],
    [
      'no such interpreter',
      '#!/opt/nowhere/bash\n',
      /names \/opt\/nowhere\/bash, which is not there, so it cannot run/,
    ],
    ['no such program', '#!/usr/bin/env no-such-program\n', /asks for no-such-program, which is not on PATH/],
  ])('E22: that cannot start are named before anything starts: %s', async (_, text, message) => {
    await executable('ops/bad.sh');
    await write('ops/bad.sh', text);
    await executable('ops/good.sh');
    await write('contracts/a.spec.ts', `${IMPORTS}${source('bad', '', 'ops/bad.sh')}${source('good')}`);
    const { contracts, mistakes } = await checkPromises(await loadPromises(await files()));
    expect(names(contracts)).toEqual(['good']);
    expect(mistakes.map(mistakeText)[0]).toMatch(
      /contract "bad" in contracts\/a\.spec\.ts: backup script ops\/bad\.sh/,
    );
    expect(mistakes.map(mistakeText)[0]).toMatch(message);
  });

  it('E22: are read from the platform folder of the configuration', async () => {
    await write('dr/dr-contracts.config.ts', "export default { platform: '../infra' };");
    await write('dr/contracts/a.spec.ts', `${IMPORTS}${source('good')}`);
    await executable('infra/ops/good.sh');
    const prepared = await prepareRun({ root: join(folder, 'dr') });
    const { mistakes } = await checkPromises(await loadPromises(await prepared.contractFiles()));
    expect(mistakes).toEqual([]);
  });

  it('that vanish during the drill are no breach of the platform: the drill is unproven', async () => {
    const world = memoryWorld();
    world.procedure = {
      restore: async () => {
        await requireExecutable('ops/gone.sh', 'restore script');
        throw new Error('it was there');
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.failure).toMatchObject({ stage: 'restore', blame: 'harness' });
    expect(record.judgement?.verdict).toBe('unproven');
  });
});

describe('a suite of vitest', () => {
  it('B24: has room for every size of a contract with a production size', () => {
    expect(scalesOf({ productionSizeBytes: undefined })).toEqual([1]);
    expect(scalesOf({ productionSizeBytes: 1 })).toEqual([1, 2, 4, 8]);
  });
});

it('a mistake is told from other errors by a field, through causes', () => {
  const explanation = { thing: 'a', expected: 'b', observed: 'c', nextStep: 'd' };
  expect(new ContractMistakeError(explanation)).toMatchObject({ isContractMistake: true, isNotProvableHere: true });
});
