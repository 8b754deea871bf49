import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Every command with a stranger's mistakes: a missing file, a folder in place of a file, a blank value, an unknown name. Each answer is one
// sentence without a stack trace, and an exit code that a pipeline can distinguish from "not proved" (2).

const PROGRAM = fileURLToPath(new URL('../../bin/dr-contracts.mjs', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-stranger-'));
  await mkdir(join(folder, 'folder'));
  await mkdir(join(folder, 'reports/runs/20260101T000000000Z-abcdef'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(join(folder, 'text.txt'), 'text');
  await writeFile(join(folder, 'object.json'), '{}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function call(args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return await new Promise((resolve, reject) => {
    const environment = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' };
    const child = execFile(
      process.execPath,
      [PROGRAM, ...args],
      { cwd: folder, env: environment },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ exitCode: code, stdout, stderr });
        else reject(error ?? new Error('it has no exit code'));
      },
    );
    child.stdin?.end();
  });
}

const USAGE = 64;
const NOT_PROVED = 2;

describe('a wrong call', { timeout: 60_000, concurrent: false }, () => {
  it.each<readonly [string, number, RegExp]>([
    ['drill --config nope.ts', USAGE, /nope\.ts: expected a module .* there is no such file/],
    ['drill --config folder', USAGE, /folder: expected a module .* it is a folder\. Name the file in it/],
    ['drill --affected=nosuch', USAGE, /--affected nosuch: expected a commit of this repository/],
    ['drill --contract=', USAGE, /'--contract <name\.\.\.>' is blank/],
    ['drill --out=', USAGE, /'--out <folder>' is blank/],
    ['drill', NOT_PROVED, /expected contracts .* there are none\. .*npx dr-contracts init/],
    ['verdict folder', USAGE, /it is a folder, not a file/],
    ['verdict nope.json', USAGE, /it does not exist/],
    ['verdict object.json', USAGE, /expected to match reports\/schema\/drill\.schema\.json, but/],
    ['report', NOT_PROVED, /expected a run that has ended, but none has ended here\. Run `dr-contracts drill` first/],
    ['report --run=nope', USAGE, /run nope: expected a run that is kept .* The latest is 20260101T000000000Z-abcdef/],
    ['report --from=2026-01-02 --to=2026-01-01', USAGE, /expected --from before --to/],
    ['report --from=2026-01-01 --key=folder', USAGE, /public key folder: .* it is a folder/],
    ['verify --ledger=nope', USAGE, /expected a folder, but there is no such folder/],
    ['verify --ledger=text.txt', USAGE, /it is not a folder/],
    ['verify --key=', USAGE, /'--key <file\.\.\.>' is blank/],
    ['verify --key=nope', USAGE, /public key nope: .* it does not exist/],
    ['verify --anchor=nope', USAGE, /anchor .*nope: .* it does not exist/],
    ['verify --anchor=', USAGE, /'--anchor <place\.\.\.>' is blank/],
    ['verify --anchor=text.txt', USAGE, /expected the number and digest of an entry, as `dr-contracts anchor` writes/],
    ['anchor --to=x', NOT_PROVED, /it is empty\. Run `dr-contracts drill` first/],
    ['keygen --out=folder', USAGE, /private key .*folder: .*a file is in its place/],
    ['keygen --out=nofolder/k.pem', USAGE, /it does not exist/],
    ['change-key --to=folder --reason=r', USAGE, /public key folder: .* it is a folder/],
    ['deviation close x --by=me', USAGE, /the number of the entry .* deviation close 42 --by "Ada King"/],
    ['deviation close', USAGE, /Example: dr-contracts deviation close 42 --by "Ada King"/],
    ['sign-off --reviewer=me --outcome=accepted', USAGE, /expected either --run or --contract, but neither is given/],
    ['export --format=junit', NOT_PROVED, /expected a run, but it has none/],
    ['export --format=junit --run=nope.json', USAGE, /run record .*nope\.json: .* it does not exist/],
    ['export --format=junit --run=', USAGE, /'--run <[^>]*>' is blank/],
    ['diff folder/x folder', USAGE, /run record .*folder\/x/],
    ['gate --write=json=folder', USAGE, /--write .*folder: .* it is not a file/],
    ['gate --write=xml=x', USAGE, /Write a format \(json, junit, gitlab\) and a file/],
    ['init --name=Orders! --yes', USAGE, /--name: .*lower-case letters/],
  ])('%s', async (line, code, said) => {
    const { exitCode, stderr } = await call(line.split(' '));
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(code);
    expect(stderr.match(/^dr-contracts: /gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at |ZodError|This is a defect/m);
  });
});
