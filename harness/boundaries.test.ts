import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';

/** What the linter says of such a file, in a folder that holds nothing but it and the project's rules. */
async function lint(file: string, imported: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-boundaries-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp('biome.json', join(folder, 'biome.json'));
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), `import { thing } from '${imported}';\n\nexport const used = thing;\n`);
  const args = ['lint', '--colors=off', '--vcs-enabled=false', file];
  const { all } = await execa(resolve('node_modules/.bin/biome'), args, { cwd: folder, reject: false, all: true });
  return all;
}

describe('the import boundaries of the design', () => {
  it.each([
    ['contracts/x.spec.ts', '../harness/drill/run-drill.ts', 'public entry'],
    ['fixtures/x.ts', '../harness/model/units.ts', 'import nothing of the project'],
    ['harness/model/x.ts', '../wait/wait.ts', 'The model is pure'],
    ['harness/verdict/x.ts', '../drill/run-drill.ts', 'from a record alone'],
    ['harness/base/x.ts', '../drill/run-drill.ts', 'The base serves everybody'],
    ['harness/base/x.ts', '../model/record.ts', 'The base serves everybody'],
    ['harness/drill/x.ts', '../systems/nats/index.ts', 'no system and no target'],
    ['harness/drill/x.ts', '../targets/session.ts', 'no system and no target'],
    ['harness/reporting/x.ts', '../drill/run-drill.ts', 'never imports drill'],
    ['harness/reporting/x.ts', '../targets/session.ts', 'never imports drill'],
    ['harness/systems/nats/x.ts', '../s3/bucket.ts', 'no other driver'],
    ['harness/systems/s3/x.ts', '../../targets/session.ts', 'no other driver'],
    ['harness/systems/iam/x.ts', '../s3/client.ts', 'no other driver'],
    ['harness/systems/kubernetes/posture/x.ts', '../../s3/client.ts', 'no other driver'],
    ['harness/posture/x.ts', '../targets/session.ts', 'no target, no report'],
    ['harness/procedures/x.ts', '../systems/s3/bucket.ts', 'of a system what it offers'],
    ['harness/targets/x.ts', '../drill/run-drill.ts', 'no engine'],
    ['harness/targets/x.ts', '../systems/nats/open.ts', 'no engine'],
    ['harness/systems/kubernetes/x.ts', '../nats/open.ts', 'no other driver'],
  ])('refuse in %s an import of %s', async (file, path, reason) => {
    const said = await lint(file, path);
    expect(said).toContain('noRestrictedImports');
    expect(said).toContain(reason);
  });

  it.each([
    ['contracts/x.spec.ts', 'dr-contracts'],
    ['harness/verdict/x.ts', '../model/record.ts'],
    ['harness/base/x.ts', '../wait/wait.ts'],
    ['harness/drill/x.ts', '../verdict/judge.ts'],
    ['harness/systems/nats/x.ts', '../../model/asset.ts'],
    ['harness/targets/local/x.ts', '../session.ts'],
    ['harness/targets/local/x.ts', '../../systems/nats/service.ts'],
    ['harness/targets/x.ts', '../systems/registered.ts'],
    ['harness/systems/iam/x.ts', '../s3/service.ts'],
    ['harness/procedures/x.ts', '../systems/s3/service.ts'],
    ['harness/posture/checks/x.ts', '../../systems/s3/settings.ts'],
    ['harness/systems/kubernetes/posture/x.ts', '../api.ts'],
  ])('allow in %s an import of %s', async (file, path) => {
    expect(await lint(file, path)).not.toContain('noRestrictedImports');
  });
});
