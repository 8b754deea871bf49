import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { makeKey, parsePublicKey } from '../evidence/ledger/public-key.ts';
import { openSigner } from '../evidence/ledger/signer.ts';
import { namedByCaller, UsageError } from '../model/errors.ts';
import { ledgerSettings, openProject } from '../project/prepare-run.ts';
import { explaining } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import type { ChangeKeyOptions, KeygenOptions } from './ledger-options.ts';

/** Creates a key pair and prints how to use it. */
export async function runKeygen({ type, out }: KeygenOptions, io: CommandIo): Promise<0> {
  const { keyId, privatePath, publicPath } = await namedByCaller(() => makeKey(type, resolve(io.cwd, out)));
  const [secret, open] = [privatePath, publicPath].map((path) => nearest(io.cwd, path));
  io.stdout.write(
    `${secret}  private key: keep it outside of the project, because scripts under test can read the project; e.g. as a secret of the pipeline\n` +
      `${open}  public key, beside the private one: commit it, and give it to everybody who verifies the ledger\n` +
      `key ${keyId}\n\n` +
      `Sign from now on: ledger: { key: '${secret}' } or ledger: { key: { env: 'NAME' } } in dr-contracts.config.ts\n` +
      `Verify:           npx dr-contracts verify --key ${open}\n` +
      `In the pipeline:  signedBy: ['${open}'] in the policy of the gate (dr-gate.ts or .mts), which then counts only what this key signed\n`,
  );
  return 0;
}

function nearest(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return near.startsWith('..') ? path : near;
}

/** Appends a change of key, signed by the configuration's key. */
export async function runChangeKey({ to, reason, ledger: at }: ChangeKeyOptions, io: CommandIo): Promise<0> {
  const settings = ledgerSettings(await openProject(io.cwd, io.config));
  const thing = `public key ${to}`;
  const next = await namedByCaller(async () =>
    parsePublicKey(await explaining(thing, () => readFile(resolve(io.cwd, to), 'utf8')), thing),
  );
  if (settings.key === undefined) {
    throw new UsageError({
      thing: 'change of key',
      expected: 'a current key in the configuration, to sign the change',
      observed: 'the ledger is not signed',
      nextStep: 'Set `ledger.key` to the new key: an unsigned ledger needs no change of key.',
    });
  }
  const { environment, secrets } = io;
  const signer = await openSigner(settings.key, { folder: settings.folder, environment, secrets });
  if (signer.keyId === next.keyId) {
    throw new UsageError({
      thing,
      expected: 'a key other than the current one',
      observed: 'it is the same key',
      nextStep: 'Make a new key with `dr-contracts keygen`.',
    });
  }
  using ledger = new Ledger(
    await openLedgerStore(at ?? settings.at, at === undefined ? settings.folder : io.cwd),
    signer,
    io.clock,
  );
  const change = { kind: 'key-changed' as const, to: { keyId: next.keyId, publicKeyPem: next.pem }, reason };
  const appended = await ledger.append(change, {}, io.signal);
  io.stdout.write(
    `entry ${appended?.sequence}: key ${signer.keyId} was changed to ${next.keyId}. Set \`ledger.key\` to the new key now.\n`,
  );
  return 0;
}
