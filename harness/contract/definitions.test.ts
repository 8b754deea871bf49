import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import { secret } from '../model/secrets.ts';
import { platformFolder, usePlatformFolder } from '../process/platform-folder.ts';
import { defineContract, definePosture } from './define.ts';
import { withDefinitions } from './definitions.ts';
import { accessTried, cronJobRuns, jetstream, runbookMatches, script, writerPolicy } from './parts.ts';

let folder: string;
const before = platformFolder();
const FILES = {
  'contracts/one.spec.ts': "import { helper } from './helper.ts';",
  'contracts/helper.ts': 'export const helper = 1;',
  'iam/writer.json': '{}',
  'ops/apply.sh': '. ./lib.sh',
  'ops/lib.sh': 'echo',
  'ops/backup.sh': 'echo backup',
  'ops/restore.sh': 'echo restore',
  'ops/other.sh': 'echo',
  'docs/runbook.md': '# Runbook',
};

const put = async (path: string, text: string, within = folder): Promise<void> => {
  await mkdir(dirname(join(within, path)), { recursive: true });
  await writeFile(join(within, path), text);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-definitions-'));
  usePlatformFolder(folder);
  for (const [path, text] of Object.entries(FILES)) await put(path, text);
});
afterEach(async () => {
  usePlatformFolder(before);
  await rm(folder, { recursive: true, force: true });
});

const policy = { policy: 'iam/writer.json', bucket: 'backups', prefix: 'nats/', may: ['s3:PutObject'] };
const postureOf = (check: PostureCheck, appliedBy?: string): PostureContract =>
  definePosture(
    { name: 'off-site', owner: 'ops', checks: [check], ...(appliedBy === undefined ? {} : { appliedBy }) },
    'contracts/one.spec.ts',
  );
const drillOf = (changes: object = {}, rto = '15m'): Contract =>
  defineContract(
    {
      name: 'orders',
      asset: jetstream({ streams: [{ name: 'orders', subjects: ['orders.created'], messages: 100 }] }),
      rto,
      rpo: '5m',
      priority: 'P1',
      owner: 'ops',
      protectedBy: script({
        backup: 'ops/backup.sh',
        restore: 'ops/restore.sh',
        prefix: 'orders/',
        schedule: { cron: '* * * * *' },
        ...changes,
      }),
      survives: ['stream-deleted'],
    },
    'contracts/one.spec.ts',
  );

const define = async (
  promises: { contracts?: readonly Contract[]; postures?: readonly PostureContract[] },
  at = folder,
) =>
  await withDefinitions(
    { contracts: [], postures: [], mistakes: [], ...promises },
    { folder: at, platformDir: at, outDir: join(at, 'reports') },
  );
const ofCheck = async (check: PostureCheck, appliedBy?: string, contracts: readonly Contract[] = [], at = folder) => {
  const { postures } = await define({ contracts, postures: [postureOf(check, appliedBy)] }, at);
  return postures[0]?.definitions?.get(check.name);
};
const ofDrill = async (contract: Contract) => (await define({ contracts: [contract] })).contracts[0]?.definition;

describe('the definition of a check', () => {
  it('changes with an option, with a file that it reads, and with nothing else', async () => {
    const first = await ofCheck(writerPolicy(policy));
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await ofCheck(writerPolicy({ ...policy, may: ['s3:PutObject', 's3:GetObject'] }))).not.toBe(first);
    expect(await ofCheck(writerPolicy({ ...policy, user: 'writer' }))).not.toBe(first);
    await put('contracts/one.spec.ts', 'something else');
    await put('ops/other.sh', 'something else');
    const { prefix, ...others } = policy;
    expect(await ofCheck(writerPolicy({ prefix, ...others }))).toBe(first);
    await put('iam/writer.json', '{ "Statement": [] }');
    expect(await ofCheck(writerPolicy(policy))).not.toBe(first);
  });

  it('changes with declared items that the sentence does not name', async () => {
    const writer = { user: 'writer', bucket: 'backups', prefix: 'nats/', may: ['s3:PutObject'] };
    const one = accessTried({ writers: [writer] });
    const other = accessTried({ writers: [{ ...writer, may: ['s3:PutObject', 's3:GetObject'] }] });
    expect(one.promise).toBe(other.promise);
    expect(await ofCheck(one)).not.toBe(await ofCheck(other));
  });

  it('changes with the script that puts the platform in place, and with what that script reads', async () => {
    const check = writerPolicy(policy);
    const first = await ofCheck(check, 'ops/apply.sh');
    expect(await ofCheck(check)).not.toBe(first);
    await put('ops/lib.sh', 'echo other');
    expect(await ofCheck(check, 'ops/apply.sh')).not.toBe(first);
  });

  it('changes with the objective that it takes from a contract', async () => {
    const check = cronJobRuns({ namespace: 'ops', name: 'backup', for: 'orders', takes: '1m' });
    const orders = drillOf();
    expect(await ofCheck(check, undefined, [orders])).not.toBe(
      await ofCheck(check, undefined, [{ ...orders, rpoMs: 1_000 }]),
    );
  });

  it('of the runbook changes with the runbook, and with every contract', async () => {
    const check = runbookMatches({ runbook: 'docs/runbook.md' });
    const first = await ofCheck(check, undefined, [drillOf()]);
    expect(await ofCheck(check, undefined, [drillOf({}, '20m')])).not.toBe(first);
    expect(await ofCheck(check, undefined, [drillOf({ restore: 'ops/other.sh' })])).not.toBe(first);
    await put('docs/runbook.md', '# Another');
    expect(await ofCheck(check, undefined, [drillOf()])).not.toBe(first);
  });

  it('of somebody’s own changes with the contract file and with what that imports', async () => {
    const own: PostureCheck = { ...writerPolicy(policy), name: 'own' };
    const first = await ofCheck(own);
    await put('contracts/helper.ts', 'export const helper = 2;');
    expect(await ofCheck(own)).not.toBe(first);
  });

  it('is the same in another folder, also where options name files by absolute paths', async () => {
    const other = await mkdtemp(join(tmpdir(), 'dr-elsewhere-'));
    try {
      await cp(folder, other, { recursive: true });
      const absolute = (at: string) => writerPolicy({ ...policy, policy: join(at, 'iam/writer.json') });
      const here = [await ofCheck(writerPolicy(policy), 'ops/apply.sh'), await ofCheck(absolute(folder))];
      usePlatformFolder(other);
      const there = [
        await ofCheck(writerPolicy(policy), 'ops/apply.sh', [], other),
        await ofCheck(absolute(other), undefined, [], other),
      ];
      expect(there).toEqual(here);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('does not change with the page of a plan, which is made of it', async () => {
    await put('docs/plan.md', '<!-- Written by `npx dr-contracts plan` from … -->\none');
    const check: PostureCheck = { ...writerPolicy(policy), reads: ['docs'] };
    const first = await ofCheck(check);
    await put('docs/plan.md', '<!-- Written by `npx dr-contracts plan` from … -->\nother');
    expect(await ofCheck(check)).toBe(first);
    await put('docs/plan.md', 'Written by hand');
    expect(await ofCheck(check)).not.toBe(first);
  });

  it('that reads a file which is not there is told, or left out where the caller wants that', async () => {
    const postures = [postureOf(writerPolicy({ ...policy, policy: 'iam/gone.json' }))];
    await expect(define({ postures })).rejects.toThrow('expected iam/gone.json to be a file or a folder');
    const told: string[] = [];
    const folders = { folder, platformDir: folder, outDir: join(folder, 'reports') };
    const kept = await withDefinitions({ contracts: [], postures, mistakes: [] }, folders, (name) => told.push(name));
    expect(told).toEqual(['off-site']);
    expect(kept.postures[0]?.definitions?.size).toBe(0);
  });
});

describe('the definition of a drill', () => {
  it('changes with its scripts and its options', async () => {
    const first = await ofDrill(drillOf());
    expect(await ofDrill(drillOf())).toBe(first);
    expect(await ofDrill(drillOf({ restore: 'ops/other.sh' }))).not.toBe(first);
    expect(await ofDrill(drillOf({ environment: { LEVEL: 'full' } }))).not.toBe(first);
    await put('ops/backup.sh', 'echo another backup');
    expect(await ofDrill(drillOf())).not.toBe(first);
  });

  it('does not change with a value that was declared secret', async () => {
    const withPin = (pin: string) => drillOf({ environment: { PIN: secret(pin) } });
    expect(await ofDrill(withPin('1234'))).toBe(await ofDrill(withPin('9999')));
  });
});
