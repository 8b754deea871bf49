import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderFailure } from '../../cli/failure.ts';
import { Secrets } from '../../model/secrets.ts';
import { isSignedBy, keyTypes, makeKey, parsePublicKey } from './public-key.ts';
import { openSigner } from './signer.ts';
import { never } from './testing/made-up-ledger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = Buffer.from('what is signed');
const settings = (environment: Record<string, string> = {}) => ({ folder, environment });
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const publicKeyAt = async (path: string) => parsePublicKey(await readFile(path, 'utf8'), path);

describe('keygen', () => {
  it.each(keyTypes)(
    'makes a key of the type %s that its owner alone can read, and the public key beside it',
    async (type) => {
      const made = await makeKey(type, join(folder, 'ledger.pem'));
      expect(await mode(made.privatePath)).toBe('600');
      expect(made.publicPath).toBe(join(folder, 'ledger.pub.pem'));
      const key = await publicKeyAt(made.publicPath);
      expect(key).toMatchObject({ type, keyId: made.keyId });
      const signer = await openSigner('ledger.pem', settings());
      expect(isSignedBy(key, bytes, await signer.sign(bytes, never))).toBe(true);
    },
  );

  it.each(['ledger.pem', 'ledger.pub.pem'])('never replaces a file: %s', async (name) => {
    await writeFile(join(folder, name), 'mine');
    await expect(makeKey('ed25519', join(folder, 'ledger.pem'))).rejects.toThrow(/a file is in its place/);
    expect(await readFile(join(folder, name), 'utf8')).toBe('mine');
    await expect(stat(join(folder, name === 'ledger.pem' ? 'ledger.pub.pem' : 'ledger.pem'))).rejects.toThrow('ENOENT');
  });
});

describe('a signing key', () => {
  it.each([0o604, 0o640, 0o602, 0o620, 0o666])('that others can read or change is refused (mode %o)', async (bits) => {
    await makeKey('ed25519', join(folder, 'ledger.pem'));
    await chmod(join(folder, 'ledger.pem'), bits);
    await expect(openSigner('ledger.pem', settings())).rejects.toThrow('expected a file that only its owner can read');
  });

  it.each([
    [
      'a public key',
      () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
      'it is a public key',
    ],
    [
      'an RSA key',
      () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'it is of the type rsa',
    ],
    [
      'a key on another curve',
      () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'it is of the type ec on secp384r1',
    ],
    [
      'a key with a passphrase',
      () =>
        generateKeyPairSync('ed25519').privateKey.export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'p',
        }),
      'it has a passphrase',
    ],
    ['noise', () => 'c2VjcmV0IG5vaXNl', 'it cannot be read as a private key'],
    ['nothing', () => '', 'the variable is empty'],
  ])('that is %s is refused in one sentence, without its text', async (_what, pem, observed) => {
    const text = String(pem());
    const refusal = openSigner({ env: 'KEY' }, settings(text === '' ? { KEY: ' ' } : { KEY: text }));
    const error: unknown = await refusal.catch((thrown: unknown) => thrown);
    const shown = renderFailure(error, true) + inspect(error);
    expect(shown).toContain(observed);
    for (const line of text.split('\n').filter((each) => each.length > 10 && !each.includes('-----'))) {
      expect(shown).not.toContain(line);
    }
  });

  it('in an environment variable is a secret as soon as it is read, and one that is not set is named', async () => {
    const pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const secrets = new Secrets();
    const signer = await openSigner({ env: 'KEY' }, { ...settings({ KEY: pem }), secrets });
    expect(secrets.redact(`key: ${pem.split('\n')[1]}`)).toBe('key: ***');
    expect(inspect(signer, { depth: 9 })).not.toContain(pem.split('\n')[1]);
    await expect(openSigner({ env: 'KEY' }, settings())).rejects.toThrow(/environment variable KEY: .*is not set/);
  });
});

describe('a program that signs', () => {
  const signing = async (type: (typeof keyTypes)[number], output: string) => {
    await makeKey(type, join(folder, 'kms.pem'));
    const script = `
      import { createPrivateKey, sign } from 'node:crypto';
      import { readFileSync } from 'node:fs';
      const key = createPrivateKey(readFileSync('kms.pem'));
      const signature = sign(${type === 'p256' ? "'sha256'" : 'null'}, readFileSync(0), key);
      ${output}`;
    await writeFile(join(folder, 'kms.mjs'), script);
    return await openSigner(
      { command: [process.execPath, 'kms.mjs'], publicKey: 'kms.pub.pem' },
      settings({ PATH: process.env['PATH'] ?? '' }),
    );
  };

  it.each([
    ['ed25519', 'as bytes', 'process.stdout.write(signature);'],
    ['p256', 'in base64 with a line end', "console.log(signature.toString('base64'));"],
  ] as const)('is given the bytes and answers with a %s signature, %s', async (type, _form, output) => {
    const signer = await signing(type, output);
    const key = await publicKeyAt(join(folder, 'kms.pub.pem'));
    expect(signer.keyId).toBe(key.keyId);
    expect(isSignedBy(key, bytes, await signer.sign(bytes, never))).toBe(true);
  });

  it('may sign the digest of the bytes, as a KMS does that takes no more (docs/evidence.md)', async () => {
    await makeKey('p256', join(folder, 'kms.pem'));
    const script =
      'openssl dgst -sha256 -binary > digest; openssl pkeyutl -sign -inkey kms.pem -in digest | base64 -w0';
    const command = { command: ['sh', '-ec', script], publicKey: 'kms.pub.pem' };
    const signer = await openSigner(command, settings({ PATH: process.env['PATH'] ?? '' }));
    const large = Buffer.alloc(100_000, 'x');
    const key = await publicKeyAt(join(folder, 'kms.pub.pem'));
    expect(isSignedBy(key, large, await signer.sign(large, never))).toBe(true);
  });

  it('may answer with bytes that end in a line feed', async () => {
    const signer = await signing('ed25519', 'process.stdout.write(signature);');
    const own = await openSigner('kms.pem', settings());
    for (let text = 0; text < 1_000; text += 1) {
      const signature = await own.sign(Buffer.from(`text ${text}`), never);
      if (signature.at(-1) !== 0x0a) continue;
      expect(Buffer.from(await signer.sign(Buffer.from(`text ${text}`), never)).equals(signature)).toBe(true);
      return;
    }
    throw new Error('no signature ended in a line feed');
  });

  it.each([
    ['by another key', "console.log(Buffer.alloc(64).toString('base64'));", /its \d+ bytes are not such a signature/],
    ['that fails', "process.stderr.write('no such key'); process.exit(3);", /exit code 3.*no such key/],
  ])('%s is refused: nothing is appended with it', async (_what, output, message) => {
    const signer = await signing('ed25519', output);
    await expect(signer.sign(bytes, never)).rejects.toThrow(message);
  });
});

it('a public key that is none, or a private one, is refused', () => {
  expect(() => parsePublicKey('x', 'public key k')).toThrow(/public key k: expected a public key in PEM/);
  const pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(() => parsePublicKey(pem, 'k')).toThrow('it is a private key');
});
