import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { PromiseFacts } from '../../evidence/entry.ts';
import { gateDecisionSchema } from '../../evidence/gate/decision.ts';
import { openFolderStore } from '../../evidence/ledger/folder-store.ts';
import { Ledger } from '../../evidence/ledger/ledger.ts';
import { never, testKey } from '../../evidence/ledger/testing/made-up-ledger.ts';
import { type StubIo, withStubIo } from '../testing/stub-parts.ts';
import { runGate } from './gate-command.ts';
import type { GateOptions } from './gate-options.ts';
import { breached, CONTRACT, drilled, NO_OPTIONS, served, stated } from './testing/served-gate.ts';

const shell = promisify(execFile);
const git = (folder: string, ...args: string[]) =>
  shell('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder });

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function gate(
  stub: StubIo,
  options: Partial<GateOptions> = {},
  environment: Record<string, string> = {},
  promises: readonly PromiseFacts[] = [stated],
): Promise<Called> {
  const before = [stub.stdout().length, stub.stderr().length];
  const io = { ...stub.io, environment: { ...stub.io.environment, ...environment } };
  const code = await runGate({ ...NO_OPTIONS, ...options }, io, async () => ({ promises, mistakes: [] }));
  return { code, stdout: stub.stdout().slice(before[0]), stderr: stub.stderr().slice(before[1]) };
}

const WAIVER =
  'waivers:\n  - { contract: orders, finding: rto, reason: r, owner: o, approver: a, expires: 2999-01-01 }\n';

describe('dr-contracts gate', () => {
  it('writes one decision to several files, again over its own, and over no file of somebody else', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd, breached);
      const read = (path: string) => readFile(join(stub.io.cwd, path), 'utf8');
      const files = [
        { format: 'json', path: 'reports/gate.json' },
        { format: 'junit', path: 'reports/gate.junit.xml' },
        { format: 'gitlab', path: 'reports/new/gate.code-quality.json' },
      ] as const;
      for (const _time of ['first', 'second']) {
        const { code, stdout } = await gate(stub, { write: files });
        expect([code, stdout]).toEqual([1, expect.stringMatching(/^BLOCKED/)]);
      }
      expect(gateDecisionSchema.parse(JSON.parse(await read('reports/gate.json')))).toMatchObject({ exitCode: 1 });
      expect(await read('reports/gate.junit.xml')).toContain('<failure');
      expect(JSON.parse(await read('reports/new/gate.code-quality.json'))).toHaveLength(1);

      await write(stub.io.cwd, { 'mine.json': '{ "mine": true }' });
      const refused = await gate(stub, { write: [{ format: 'json', path: 'mine.json' }] });
      expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('--write')]);
      expect(await read('mine.json')).toBe('{ "mine": true }');
    }));

  it('prints on one screen what may be promoted, and exits 0', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      const { code, stdout } = await gate(stub);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^PASS: the promise may be promoted \(exit 0\)\n/)]);
      expect(stdout).toMatch(/May be promoted \(1\): orders\n/);
      expect(stdout).toMatch(/Policy: built-in defaults\. Waivers: none\. Ledger:\s+reports\/ledger, 3\s+entries/);
      expect(stdout.split('\n').length).toBeLessThan(24);
    }));

  it('says what was promised, what happened and what to do, and exits 1', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd, breached);
      const { code, stdout } = await gate(stub);
      expect(code).toBe(1);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /BLOCKED: 1 of 1 promise may not be promoted \(exit 1\) Breached orders › wiped \(P1, tests\) Promised back within 1 min; recovered in 2 min 30 s .* Fix the cause\. Run `npx dr-contracts drill --contract orders`\./,
      );
    }));

  it('reports in a dry run without failing for what it finds, but fails when it cannot find out', () =>
    withStubIo(async (stub) => {
      expect(await gate(stub, { dryRun: true })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Dry run: exits 0 instead of 2.'),
      });
      await write(stub.io.cwd, { 'dr-waivers.yaml': 'waiver: []' });
      expect((await gate(stub, { dryRun: true })).code).toBe(64);
    }));

  it('explains one contract with the proof that counts, and refuses an unknown one', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      const { code, stdout } = await gate(stub, { explain: 'orders' });
      expect(code).toBe(0);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /RTO 15 min \/ RTA 2 min 30 s.*Ledger entry 2 \(sha256:.*No baseline yet/,
      );
      expect(await gate(stub, { explain: 'order' })).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('the project states no contract of this name (did you mean "orders"?)'),
      });
    }));

  it.each(['json', 'junit', 'gitlab'] as const)(
    'writes nothing but %s to standard output, and the text to standard error',
    (format) =>
      withStubIo(async (stub) => {
        await drilled(stub.io.cwd, breached);
        const { code, stdout, stderr } = await gate(stub, { format });
        expect([code, stderr]).toEqual([1, expect.stringContaining('BLOCKED')]);
        if (format === 'json')
          expect(gateDecisionSchema.parse(JSON.parse(stdout))).toMatchObject({ exitCode: 1, isInconclusive: false });
        if (format === 'junit')
          expect(stdout).toMatch(/^<\?xml[\s\S]*<failure type="breached"[\s\S]*<\/testsuites>\n$/);
        if (format === 'gitlab')
          expect(JSON.parse(stdout)).toMatchObject([
            { check_name: 'dr-contracts/breached', severity: 'blocker', location: { path: CONTRACT } },
          ]);
      }),
  );

  it('annotates for GitHub, and appends to the summary that GitHub names', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd, breached);
      const summary = join(stub.io.cwd, 'summary.md');
      await writeFile(summary, 'before\n');
      const { stdout } = await gate(stub, { format: 'github' }, { GITHUB_STEP_SUMMARY: summary });
      expect(stdout).toContain(`::error file=${CONTRACT},title=orders › wiped%3A breached::Promised back`);
      expect(await readFile(summary, 'utf8')).toMatch(
        /^before\n## Disaster recovery: BLOCKED[\s\S]*\| orders › wiped \| breached \(rto\) \|/,
      );
    }));
});

describe('files of a gate', () => {
  it('that are invalid exit 64, each with one sentence, and the decision under the defaults is told as well', () =>
    withStubIo(async (stub) => {
      await write(stub.io.cwd, { 'dr-gate.ts': 'export default { maxAge: "1d" };', 'dr-waivers.yaml': '- x' });
      await drilled(stub.io.cwd, breached);
      const { code, stdout } = await gate(stub);
      expect(code).toBe(64);
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text).toContain('dr-gate.ts: expected the fields priorities,');
      expect(text).toContain('it has an unknown field "maxAge"');
      expect(text).toContain('dr-waivers.yaml: expected the file to be an object, but it is an array.');
      expect(text).toContain('Breached orders › wiped');
    }));

  it.each([
    ['a syntax error', 'export default {', /Invalid file.*dr-gate\.ts/s],
    [
      'a call of process.exit (gate-7)',
      'process.exit(0);',
      /dr-gate\.ts: expected a module .* it called process\.exit\(0\)/,
    ],
    [
      'a promise that never comes (gate-7)',
      'await new Promise(() => {});',
      /it waits for something that never happens/,
    ],
    ['a function in it (gate-7)', 'export default { targets: () => 1 };', /its default export is not plain data/],
    ['no default export', 'export const policy = {};', /it has no default export/],
    ['a key that is not there', 'export default { signedBy: ["keys/x.pem"] };', /there is no keys\/x\.pem/],
    [
      'the identity of a key alone',
      `export default { signedBy: ["${'a'.repeat(64)}"] };`,
      /the identity of a key, which cannot check a signature/,
    ],
  ])('with %s exit 64', (_what, text, message) =>
    withStubIo(async (stub) => {
      await write(stub.io.cwd, { 'dr-gate.ts': text });
      const { code, stdout } = await gate(stub);
      expect([code, stdout.replaceAll(/\s+/g, ' ')]).toEqual([64, expect.stringMatching(message)]);
    }),
  );

  it('gate-7: may print, which goes to standard error, and may leave a timer that would end the process', () =>
    withStubIo(async (stub) => {
      const prints = "console.log('noise'); process.stdout.write('noise'); setTimeout(() => process.exit(0), 1);";
      await write(stub.io.cwd, { 'dr-gate.ts': `${prints} export default {};` });
      await drilled(stub.io.cwd, breached);
      const { code, stdout, stderr } = await gate(stub, { format: 'json' });
      expect([code, JSON.parse(stdout).exitCode, stderr]).toEqual([1, 1, expect.stringContaining('noise')]);
    }));

  it('gate-7: a contract file may print, too: that goes to standard error', () =>
    withStubIo(async (stub) => {
      const written: string[] = [];
      const write_ = process.stderr.write;
      process.stderr.write = (chunk: string | Uint8Array) => written.push(String(chunk)) > 0;
      try {
        await runGate({ ...NO_OPTIONS, format: 'json' }, stub.io, async () => {
          process.stdout.write('noise of a contract');
          return { promises: [stated], mistakes: [] };
        });
      } finally {
        process.stderr.write = write_;
      }
      expect([written.join(''), JSON.parse(stub.stdout()).exitCode]).toEqual(['noise of a contract', 2]);
    }));

  it('that are named and not there exit 64', () =>
    withStubIo(async (stub) => {
      expect((await gate(stub, { policy: 'gone.ts' })).code).toBe(64);
      expect((await gate(stub, { waivers: 'gone.yaml' })).code).toBe(64);
    }));

  it('are read from the base branch that the pipeline names, so that a change cannot exempt itself', () =>
    withStubIo(async (stub) => {
      const folder = stub.io.cwd;
      await write(folder, {
        'dr-gate.ts': `import { days } from './rules/days.ts';\nexport default { priorities: { P1: { maxAge: days } } };`,
        'rules/days.ts': "export const days = '3d';",
        '.gitignore': 'reports\n',
        ...Object.fromEntries(stated.inputs.map(({ path }) => [path, 'of the contract'])),
      });
      await git(folder, 'init', '--quiet', '--initial-branch', 'main');
      await git(folder, 'add', '.');
      await git(folder, 'commit', '--quiet', '-m', 'base');
      await git(folder, 'checkout', '--quiet', '-b', 'change');
      await write(folder, {
        'dr-gate.ts': 'export default { priorities: { P1: { maxAge: "900d" } } };',
        'rules/days.ts': "export const days = '900d';",
        'dr-waivers.yaml': WAIVER,
      });
      await git(folder, 'add', '.');
      await git(folder, 'commit', '--quiet', '-m', 'exempts itself');
      await drilled(folder, breached);
      expect((await gate(stub)).code).toBe(0);
      const inTime = { at: new Date(Date.now() + 4 * 86_400_000) };
      for (const environment of [{ GITHUB_BASE_REF: 'main' }, { CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main' }]) {
        const { code, stdout } = await gate(stub, inTime, environment);
        const text = stdout.replaceAll(/\s+/g, ' ');
        expect([code, text]).toEqual([1, expect.stringContaining('Policy: dr-gate.ts on main (')]);
        expect(text).toContain('P1 allows 3 d');
        // gate-3
        expect(text).toContain(
          'It was not checked whether this change drops a promise of main: the ledger holds no run of',
        );
        expect(text).toContain('dr-waivers.yaml of this checkout does not count: main');
      }
      expect((await gate(stub, { base: 'main' })).code).toBe(1);
      const [{ path = '' } = {}] = stated.inputs;
      await write(folder, { [path]: 'changed' });
      const changed = await gate(stub);
      expect([changed.code, changed.stdout]).toEqual([
        2,
        expect.stringContaining(`${path} in this checkout differs from commit`),
      ]);
      expect((await shell('ls', ['-a'], { cwd: folder })).stdout).not.toContain('.dr-gate-');
    }));

  it('of a base branch that was not fetched are not replaced by those of the checkout: exit 70 says what to fetch', () =>
    withStubIo(async (stub) => {
      await git(stub.io.cwd, 'init', '--quiet');
      await write(stub.io.cwd, { 'dr-waivers.yaml': WAIVER });
      await drilled(stub.io.cwd, breached);
      const { code, stdout } = await gate(stub, {}, { GITHUB_BASE_REF: 'main' });
      expect(code).toBe(70);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/Gate failed .*git fetch --depth=1 origin main.*Breached orders/);
    }));
});

describe('a ledger that a gate reads', () => {
  it('and that the command line names has to be there: exit 70', () =>
    withStubIo(async (stub) => {
      const { code, stdout } = await gate(stub, { ledger: 'nope' });
      expect([code, stdout]).toEqual([70, expect.stringContaining('there is no such folder')]);
    }));

  it('cannot be read: exit 70, and nothing is said of any promise', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      await write(stub.io.cwd, { 'reports/ledger/0000000004.intoto.jsonl': '{"broken' });
      const { code, stdout } = await gate(stub);
      expect([code, stdout]).toEqual([70, expect.stringMatching(/Gate failed[\s\S]*0000000004/)]);
      expect(stdout).not.toContain('Missing');
    }));

  it('lacks an entry: exit 2', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      await drilled(stub.io.cwd);
      await rm(join(stub.io.cwd, 'reports/ledger/0000000003.intoto.jsonl'));
      expect(await gate(stub)).toMatchObject({ code: 2, stdout: expect.stringContaining('entry 3 is missing') });
    }));

  it('is signed by the key that the policy names, by a stranger, or by nobody', () =>
    withStubIo(async (stub) => {
      const [own, stranger] = [await testKey(), await testKey('p256')];
      await write(stub.io.cwd, {
        'keys/own.pem': own.public.pem,
        'dr-gate.ts': "export default { signedBy: ['keys/own.pem'] };",
      });
      await drilled(stub.io.cwd, undefined, own);
      expect((await gate(stub)).code).toBe(0);
      expect((await gate(stub, { key: ['keys/own.pem'], policy: 'dr-gate.ts' })).code).toBe(0);
      await drilled(stub.io.cwd, undefined, stranger);
      expect(await gate(stub)).toMatchObject({
        code: 2,
        stdout: expect.stringContaining('Signed by a stranger orders'),
      });
      await drilled(stub.io.cwd);
      expect(await gate(stub)).toMatchObject({ code: 2, stdout: expect.stringContaining('Not signed orders') });
    }));

  it('holds a signature that only names the key: the proof is not believed', () =>
    withStubIo(async (stub) => {
      const [own, forger] = [await testKey(), await testKey()];
      const forging = { ...forger, signer: { ...forger.signer, keyId: own.public.keyId } };
      await write(stub.io.cwd, { 'own.pem': own.public.pem });
      await drilled(stub.io.cwd, undefined, forging);
      const { code, stdout } = await gate(stub, { key: ['own.pem'] });
      expect([code, stdout.replaceAll(/\s+/g, ' ')]).toEqual([
        2,
        expect.stringContaining('Entry 2 of the ledger does not carry the signature of the key that it names'),
      ]);
    }));

  it('gate-5: holds a forged proof of other files, or a forged beginning of a run: neither is believed', () =>
    withStubIo(async (stub) => {
      const [own, forger] = [await testKey(), await testKey()];
      const forging = { ...forger, signer: { ...forger.signer, keyId: own.public.keyId } };
      await write(stub.io.cwd, { 'own.pem': own.public.pem });
      await drilled(stub.io.cwd, undefined, forging);
      const changed = [{ ...stated, inputs: [{ path: CONTRACT, digest: `sha256:${'2'.repeat(64)}` }] }];
      const { code, stdout } = await gate(stub, { key: ['own.pem'] }, {}, changed);
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect([code, text]).toEqual([2, expect.stringContaining('Entry 2 of the ledger does not carry the signature')]);
      expect(text).toContain('Entry 1 of the ledger does not carry the signature');
    }));

  it('goes on under a new key to which the old one was changed', () =>
    withStubIo(async (stub) => {
      const [own, next] = [await testKey(), await testKey('p256')];
      await write(stub.io.cwd, { 'own.pem': own.public.pem });
      using ledger = new Ledger(openFolderStore(join(stub.io.cwd, 'reports/ledger')), own.signer, systemClock);
      await ledger.append(
        { kind: 'key-changed', to: { keyId: next.public.keyId, publicKeyPem: next.public.pem }, reason: 'r' },
        {},
        never,
      );
      await drilled(stub.io.cwd, undefined, next);
      expect((await gate(stub, { key: ['own.pem'] })).code).toBe(0);
    }));
});

describe('gate --explain of a contract on which nothing was decided', () => {
  it('gate-7: says that the ledger could not be read, and not that there is no such contract', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      await write(stub.io.cwd, { 'reports/ledger/0000000004.intoto.jsonl': '{"broken' });
      const { code, stdout, stderr } = await gate(stub, { explain: 'orders' });
      expect([code, stderr]).toEqual([70, expect.stringContaining('the ledger could not be read')]);
      expect(stdout).toContain('0000000004');
    }));

  it('gate-7: says that the policy leaves a posture contract out', () =>
    withStubIo(async (stub) => {
      await write(stub.io.cwd, { 'dr-gate.ts': "export default { posture: 'off' };" });
      await drilled(stub.io.cwd);
      const promises = [stated, { ...stated, contract: 'writers', disasters: [] }];
      const { code, stderr } = await gate(stub, { explain: 'writers' }, {}, promises);
      expect([code, stderr]).toEqual([0, expect.stringContaining('the policy leaves it out of the decision')]);
    }));

  it('gate-7: says which contracts there are where the project states none of that name', () =>
    withStubIo(async (stub) => {
      const { code, stderr } = await gate(stub, { explain: 'nope' });
      expect([code, stderr]).toEqual([
        64,
        'dr-contracts: --explain nope: the project states no contract of this name. It states orders.\n',
      ]);
    }));
});

describe('gate --serve', () => {
  it('answers the decision, anew for each request, and a hook with 200 or 409', () =>
    withStubIo(async (stub) => {
      await served(stub, async (address) => {
        const before = await fetch(`${address}/gate`);
        expect([before.status, gateDecisionSchema.parse(await before.json()).isInconclusive]).toEqual([200, true]);
        const refused = await fetch(`${address}/promote`, { method: 'POST', body: '{"name":"x"}' });
        expect([refused.status, await refused.text()]).toEqual([
          409,
          expect.stringContaining('orders › wiped: Never drilled'),
        ]);
        await drilled(stub.io.cwd);
        expect(await (await fetch(`${address}/gate`)).json()).toMatchObject({ decision: 'pass' });
        expect((await fetch(`${address}/promote`)).status).toBe(200);
        expect(await (await fetch(`${address}/gate?format=text`)).text()).toContain('PASS');
        expect(await (await fetch(`${address}/gate?at=2999-01-01T00:00:00Z`)).json()).toMatchObject({ exitCode: 2 });
      });
    }));

  it('refuses what is not a question, other methods, and other names of this machine', () =>
    withStubIo(async (stub) => {
      await served(stub, async (address) => {
        expect((await fetch(`${address}/`)).status).toBe(404);
        expect((await fetch(`${address}/gate`, { method: 'DELETE' })).status).toBe(405);
        expect((await fetch(`${address}/gate?ledger=/etc`)).status).toBe(400);
        expect((await fetch(`${address}/gate?commit=HEAD%20--x`)).status).toBe(400);
        const { request } = await import('node:http');
        const asked = request(`${address}/gate`, { headers: { Host: 'evil.example' } }).end();
        const [response] = await once(asked, 'response');
        expect(response.statusCode).toBe(403);
        response.resume();
      });
    }));
});
