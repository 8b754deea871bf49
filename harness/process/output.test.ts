import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { lastLines, tellingLines } from './output.ts';

async function logOf(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'drc-log-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'server.log');
  await writeFile(path, text);
  return path;
}

test('gives the last lines, oldest first, without empty ones', async () => {
  expect(await lastLines(await logOf('one\ntwo\n\nthree\n'), 2)).toEqual(['two', 'three']);
});

test('reads only the end of a long log', async () => {
  const path = await logOf(`${'x'.repeat(100)}\n`.repeat(10_000).concat('the end\n'));
  expect((await lastLines(path, 1_000_000)).length).toBeLessThan(100);
  expect(await lastLines(path, 1)).toEqual(['the end']);
});

test('a log that is not there has no lines', async () => {
  expect(await lastLines(join(tmpdir(), 'no-such-folder', 'no.log'), 3)).toEqual([]);
});

describe('the lines that say what is wrong', () => {
  it('B35: of a Node error is the one that names the missing package, not the stack', () => {
    const stderr = `node:internal/modules/package_json_reader:316
  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);
        ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@aws-sdk/client-s3' imported from /shop/ops/restore.mjs
    at Object.getPackageJSONURL (node:internal/modules/package_json_reader:316:9)
    at packageResolve (node:internal/modules/esm/resolve:768:81)
    at moduleResolve (node:internal/modules/esm/resolve:855:18) {
  code: 'ERR_MODULE_NOT_FOUND'
}

Node.js v24.11.1
`;
    expect(tellingLines(stderr, 'restore: begins\n')).toEqual([
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@aws-sdk/client-s3' imported from /shop/ops/restore.mjs",
    ]);
  });

  it('of an error with a cause names the error', () => {
    const stderr = `file:///shop/ops/restore.mjs:3
await client.send(new ListBucketsCommand({}));
^

Error: connect ECONNREFUSED 127.0.0.1:4566
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect',
  address: '127.0.0.1',
  port: 4566
}

Node.js v24.11.1`;
    expect(tellingLines(stderr, '')).toEqual(['Error: connect ECONNREFUSED 127.0.0.1:4566']);
  });

  it('of a Python traceback is its last line', () => {
    const stderr = `Traceback (most recent call last):
  File "/shop/ops/restore.py", line 2, in <module>
    import boto3
ModuleNotFoundError: No module named 'boto3'
`;
    expect(tellingLines(stderr, '')).toEqual(["ModuleNotFoundError: No module named 'boto3'"]);
  });

  it('E04: of a Go panic is the panic, not the goroutine', () => {
    const stderr = `panic: natscontext: user: Current requires cgo or $USER set in environment

goroutine 1 [running]:
github.com/choria-io/fisk.(*Application).Parse(0xc000142008, {0xc00012a010, 0x3, 0x3})
\tgithub.com/choria-io/fisk@v0.9.1/app.go:908 +0x1a5
main.main()
\tgithub.com/nats-io/natscli/nats/main.go:140 +0x65
`;
    expect(tellingLines(stderr, '')).toEqual([
      'panic: natscontext: user: Current requires cgo or $USER set in environment',
    ]);
  });

  it('of a Java exception is the exception, not its frames', () => {
    const stderr =
      'Exception in thread "main" java.io.IOException: no space left\n\tat a.b.C.d(C.java:1)\n\t... 3 more\nCaused by: java.io.IOException: the disk is full\n\tat x.y(Z.java:2)\n';
    expect(tellingLines(stderr, '').at(-1)).toBe('Caused by: java.io.IOException: the disk is full');
  });

  it('of a shell script are the last ones, and the error before them when they say nothing', () => {
    const stderr = '/shop/backup.sh: line 3: gpg: command not found\n';
    expect(tellingLines(stderr, 'begins\ndumping\n')).toEqual(['/shop/backup.sh: line 3: gpg: command not found']);
    const noisy = `gzip: command not found\n${'one\ntwo\nthree\nfour\n'}`.replace('gzip', 'x.sh: line 1: gzip');
    expect(tellingLines(noisy, '')).toEqual(['x.sh: line 1: gzip: command not found', 'three', 'four']);
  });

  it('come from standard output where standard error is empty', () => {
    expect(tellingLines('', 'one\nthe bucket is gone\n')).toEqual(['one', 'the bucket is gone']);
    expect(tellingLines('\n', '')).toEqual([]);
  });
});
