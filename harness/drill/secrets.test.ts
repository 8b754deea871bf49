import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrillEvent } from '../model/events.ts';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { redactRecord, Secrets } from '../model/secrets.ts';
import { Places } from '../model/target.ts';
import { s3Store } from '../systems/s3/service.ts';
import { judge } from '../verdict/judge.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { memoryTarget, runMemoryDrill } from './testing/run-memory-drill.ts';

const CANARY = 'canary-6f1d2c9b';

describe('a secret that a drill learns of', () => {
  it('B4: is in no field of a met record, whatever wrote it there, and in no event', async () => {
    const world = memoryWorld();
    world.asset.identify = async () => [{ what: 'incarnation', value: `${world.store.incarnation} of ${CANARY}` }];
    world.asset.settings = async () => ({ password: CANARY });
    const contract = memoryContract(world);
    const { backup, restore } = contract.protectedBy;
    world.procedure.backup = async (context) => {
      context.step.secrets.add(CANARY, 'a test');
      context.step.progress(`with ${CANARY}`);
      return { ...(await backup(context)), claimed: `key=${CANARY}`, location: `memory:${CANARY}` };
    };
    world.procedure.restore = async (point, context) => {
      await restore(point, context);
      return { claimed: CANARY, warnings: [`warning: ${CANARY}`], commands: [`restore --key ${CANARY}`] };
    };
    const events: DrillEvent[] = [];
    const protectedBy = { ...contract.protectedBy, ...world.procedure };
    const { record, saved } = await runMemoryDrill(
      { ...contract, protectedBy },
      { listener: (event) => events.push(event) },
    );
    expect(record.judgement?.verdict).toBe('met');
    expect(record.recoveryPoint?.claimed).toBe('key=***');
    expect(JSON.stringify([record, saved.at(-1), events])).not.toContain(CANARY);
    expect(events).toContainEqual(expect.objectContaining({ message: 'with ***' }));
  });

  it('B4: is in no field of the record of a drill that fails with it', async () => {
    const world = memoryWorld();
    const contract = memoryContract(world);
    world.procedure.restore = async (_, { step }) => {
      step.secrets.add(CANARY, 'a test');
      throw new Error(`exit 1: ${CANARY}`, { cause: new Error(`refused ${CANARY}`) });
    };
    world.asset[Symbol.asyncDispose] = () => Promise.reject(new Error(`cannot remove ${CANARY}`));
    const { record, saved } = await runMemoryDrill({
      ...contract,
      protectedBy: { ...contract.protectedBy, ...world.procedure },
    });
    expect(record.failure?.messages).toEqual(['exit 1: ***', 'refused ***']);
    expect(JSON.stringify([record, saved.at(-1)])).not.toContain(CANARY);
  });

  it('does not blot out the promise, although a word of it is the value of a Secret', async () => {
    const secrets = new Secrets();
    const contract = memoryContract(memoryWorld());
    const [word = ''] = contract.asset.description.split(' ').filter(({ length }) => length >= 4);
    secrets.add(word, 'Secret app, key user');
    const { record } = await runMemoryDrill(contract, { secrets });
    expect(record.contract.description).toBe(contract.asset.description);
    expect(secrets.foundIn(word)).toBe(true);
  });

  it('is known from the S3 keys of the target and from users in URLs of the asset', async () => {
    const world = memoryWorld();
    world.asset.environment = () => ({ NATS_URL: `nats://app:${CANARY}@127.0.0.1:4222` });
    const contract = memoryContract(world);
    const { restore } = contract.protectedBy;
    world.procedure.restore = async (point, context) => ({
      ...(await restore(point, context)),
      claimed: `${Object.values(context.environment).join()} ${(await context.target.place(s3Store)).secretAccessKey}`,
    });
    const place = {
      endpoint: '',
      region: '',
      backupBucket: '',
      accessKeyId: 'DRC0123456789',
      secretAccessKey: `s3-${CANARY}`,
    };
    const places = new Places('memory', ['s3']).shared(s3Store, place).members;
    const { record } = await runMemoryDrill(
      { ...contract, protectedBy: { ...contract.protectedBy, ...world.procedure } },
      { target: { ...memoryTarget, capabilities: ['s3'], ...places } },
    );
    expect(record.restore?.claimed).toBe('nats://app:***@127.0.0.1:4222 ***');
  });
});

describe('redaction of a record', () => {
  it('never changes its verdict, whatever text of the record happens to be a secret', async () => {
    const world = memoryWorld();
    const contract = memoryContract(world);
    const { record } = await runMemoryDrill(contract);
    const texts = [...new Set(stringsOf(record))].filter(({ length }) => length >= 4);
    fc.assert(
      fc.property(fc.subarray(texts, { minLength: 1 }), (values) => {
        const secrets = new Secrets();
        for (const value of values) secrets.add(value, 'a test');
        const redacted: DrillRecord = redactRecord(drillRecordSchema, record, secrets);
        expect(drillRecordSchema.safeParse(redacted).success).toBe(true);
        const verdicts = ({ findings }: ReturnType<typeof judge>) =>
          findings.map(({ name, verdict }) => [name, verdict]);
        expect(verdicts(judge(redacted))).toEqual(verdicts(judge(record)));
      }),
    );
  });
});

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
