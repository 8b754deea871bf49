import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { entryName } from './entry-file.ts';
import { keyTypes } from './public-key.ts';
import { madeUpLedger, testKey } from './testing/made-up-ledger.ts';

// Third-party programs verify envelopes: openssl alone, as docs/evidence.md shows, and the Python implementation of
// DSSE and in-toto.

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-verifiers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Returns a folder with a drill's entry, its test result, and the key. */
async function entryOf(type: (typeof keyTypes)[number]): Promise<string> {
  const place = await mkdtemp(join(folder, `${type}-`));
  const key = await testKey(type);
  const { store } = await madeUpLedger(1, key.signer);
  const bytes = store.files.get(entryName(2)) ?? Buffer.alloc(0);
  await writeFile(join(place, 'entry.jsonl'), bytes);
  await writeFile(join(place, 'ledger.pub.pem'), key.public.pem);
  return place;
}

/** As in docs/evidence.md. */
const DECODE = `
head -n 1 entry.jsonl > line
sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' line | base64 -d > payload
sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' line | base64 -d > sig
{ printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < payload | tr -d ' ')"; cat payload; } > signed
`;
const VERIFY = {
  ed25519: 'openssl pkeyutl -verify -pubin -inkey ledger.pub.pem -rawin -in signed -sigfile sig',
  p256: 'openssl dgst -sha256 -verify ledger.pub.pem -signature sig signed',
};

describe.each(keyTypes)('an entry signed with %s', (type) => {
  test('is verified with openssl alone, and a changed one is refused', async () => {
    const cwd = await entryOf(type);
    const shell = (script: string) => execa('sh', ['-euc', script], { cwd, reject: false });
    expect(await shell(`${DECODE}\n${VERIFY[type]}`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Verified/),
    });
    const changed = await shell(`${DECODE}\nprintf x >> signed\n${VERIFY[type]}`);
    expect(changed.exitCode).toBe(1);
  });
});

const PYTHON = `
import copy, json, sys
from google.protobuf.json_format import ParseDict
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Message
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

public = load_pem_public_key(open('ledger.pub.pem', 'rb').read())
lines = [json.loads(line) for line in open('entry.jsonl')]
key = SSlibKey.from_crypto(public, keyid=lines[0]['signatures'][0]['keyid'])
for line in lines:
    envelope = Envelope.from_dict(copy.deepcopy(line))
    envelope.verify([key], 1)
    payload = json.loads(envelope.payload)
    # Unknown fields are refused.
    Statement.copy_from_pb(ParseDict(payload, Message())).validate()
    if payload['predicateType'] == 'https://in-toto.io/attestation/test-result/v0.1':
        print('test result', ParseDict(payload['predicate'], TestResult()).result)
    envelope.payload += b' '
    try:
        envelope.verify([key], 1)
        sys.exit('a changed payload was accepted')
    except VerificationError:
        print('verified')
`;

test('entries of both types are verified by securesystemslib, and their statements are valid in-toto', {
  timeout: 300_000,
}, async () => {
  const environment = join(folder, 'python');
  const { tool } = sharedTarget();
  await execa(tool('localstack-python'), ['-m', 'venv', environment]);
  const python = join(environment, 'bin', 'python');
  const packages = ['securesystemslib[crypto]==1.6.0', 'in-toto-attestation==0.9.3'];
  await execa(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  for (const type of keyTypes) {
    const { stdout } = await execa(python, ['-c', PYTHON], { cwd: await entryOf(type) });
    expect(stdout.split('\n')).toEqual(['verified', 'test result PASSED', 'verified']);
  }
});
