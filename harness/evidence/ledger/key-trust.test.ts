import { describe, expect, it } from 'vitest';
import { Ledger, type NewEntry } from './ledger.ts';
import { entriesOfRun, MemoryStore, never, TestClock, type TestKey, testKey } from './testing/made-up-ledger.ts';

const run = (runId: string) => entriesOfRun({ runId });
const change = ({ public: { keyId, pem } }: TestKey): NewEntry => ({
  kind: 'key-changed',
  to: { keyId, publicKeyPem: pem },
  reason: 'yearly',
});

async function setUp() {
  const [old, next] = [await testKey(), await testKey('p256')];
  const store = new MemoryStore();
  const writer = (key: TestKey | undefined) => new Ledger(store, key?.signer, new TestClock());
  const append = async (ledger: Ledger, entries: readonly NewEntry[]) => {
    for (const entry of entries) await ledger.append(entry, {}, never);
  };
  return { old, next, store, writer, append };
}

const REPLACED = /it was replaced by [0-9a-f]{16}… in entry 4\./;

describe('a key that was replaced', () => {
  it('appends nothing more, also after many entries of the new key', async () => {
    const { old, next, store, writer, append } = await setUp();
    await append(writer(old), [...run('r1'), change(next)]);
    await append(writer(next), [...run('r2'), ...run('r3')]);
    await expect(append(writer(old), run('r4'))).rejects.toThrow(REPLACED);
    await expect(writer(old).requireKeyInForce(never)).rejects.toThrow(REPLACED);
    await expect(writer(next).requireKeyInForce(never)).resolves.toBeUndefined();
    expect(store.files.size).toBe(10);
  });

  it('appends nothing more where it was replaced while its writer was at work', async () => {
    const { old, next, store, writer, append } = await setUp();
    const [begun, other] = [writer(old), writer(old)];
    await append(begun, run('r1'));
    await append(other, [change(next)]);
    await expect(append(begun, run('r2'))).rejects.toThrow(REPLACED);
    await expect(append(other, run('r2'))).rejects.toThrow(REPLACED);
    expect(store.files.size).toBe(4);
  });

  it('signs again once the ledger was changed back to it', async () => {
    const { old, next, writer, append } = await setUp();
    await append(writer(old), [...run('r1'), change(next)]);
    await append(writer(next), [change(old)]);
    await expect(append(writer(old), run('r2'))).resolves.toBeUndefined();
  });
});

describe('a key that was not replaced', () => {
  it('signs where the ledger began unsigned, and beside another key', async () => {
    const { old, next, writer, append } = await setUp();
    await append(writer(undefined), run('r1'));
    await append(writer(old), run('r2'));
    await append(writer(next), run('r3'));
    await expect(append(writer(old), run('r4'))).resolves.toBeUndefined();
  });

  it('is not replaced by an entry that names it without its signature', async () => {
    const { old, next, store, writer, append } = await setUp();
    await append(writer(old), run('r1'));
    const { keyId, publicKeyPem } = old.signer;
    const forger = { keyId, publicKeyPem, sign: next.signer.sign };
    await append(new Ledger(store, forger, new TestClock()), [change(next)]);
    await expect(append(writer(old), run('r2'))).resolves.toBeUndefined();
  });

  it('costs one reading of the last entry where it has signed that', async () => {
    const { old, store, writer, append } = await setUp();
    await append(writer(old), [...run('r1'), ...run('r2')]);
    const readNames: string[] = [];
    const { read } = store;
    store.read = async (name) => {
      readNames.push(name);
      return await read.call(store, name);
    };
    await writer(old).requireKeyInForce(never);
    expect(new Set(readNames)).toEqual(new Set(['0000000006.intoto.jsonl']));
  });
});
