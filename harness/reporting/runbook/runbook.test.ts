import { describe, expect, it } from 'vitest';
import { renderRunbook } from './runbook.ts';
import { ID, madeUpContract, madeUpPassing, madeUpRecovery } from './testing/made-up-contract.ts';

const contract = madeUpContract();
const written = renderRunbook({ contracts: [contract], records: [madeUpPassing()] });

describe('the runbook', () => {
  it('says who owns it, who decides, what still works and what to do when a step fails', () => {
    expect(written).toContain('| **owner** | platform (P1) |');
    expect(written).toContain('| **who decides** | The engineer on call. |');
    expect(written).toContain('| **meanwhile** | Reads go on. |');
    expect(written).toContain('| **if a step fails** | Call the owner. |');
  });

  it('gives the steps in order, with their commands, times and what to do when they fail', () => {
    expect(written).toContain(
      [
        '1. **Notice it.** (1 min 30 s of the RTO are set aside for this)',
        '   3 failed checks, 30 s apart.',
        '',
        '2. **Decide.** (no time is set aside)',
        '   The engineer on call.',
        '',
        '3. **Start an empty server.** (took 300 ms)',
        '',
        '4. **Restore every stream.** (took 2.8 s)',
        '',
        '   ```sh',
        '   ops/restore.sh "$RECOVERY_POINT"',
        '   ```',
        '',
        '   If it fails: Its last lines say why.',
        '',
        '5. **Check that users are served.** (took 40 ms)',
        '   Read, as users do: a message.',
        '   Write, as users do: another.',
      ].join('\n'),
    );
  });

  it('B38: says that the recovery time includes what production waits until the backup is known there', () => {
    const passing = madeUpPassing();
    const disaster = { ...passing.disaster, backupWait: { waitMs: 60_000, because: 'a period of 30s' } };
    const records = [{ ...passing, disaster }];
    expect(renderRunbook({ contracts: [contract], records })).toContain(
      '| service back, noticing, deciding and 1 min until the backup is known there included | 15 min (RTO) |',
    );
  });

  it('leaves out what was done before the disaster', () => {
    const recovery = madeUpRecovery();
    const step = { phase: 'backup', what: 'Set up a mirror', variables: [], measuredMs: 1, outcome: 'done' as const };
    const records = [madeUpPassing({ recovery: { ...recovery, steps: [step, ...recovery.steps] } })];
    expect(renderRunbook({ contracts: [contract], records })).toBe(written);
  });

  it('explains the variables in shell form, before the steps that name them', () => {
    expect(written).toContain('# the backup to restore\nexport RECOVERY_POINT=\n');
    expect(written).toContain('# a scratch folder\nexport WORK_DIR="$(mktemp -d)"\n');
    expect(written.indexOf('export RECOVERY_POINT=')).toBeLessThan(written.indexOf('ops/restore.sh'));
    expect(written).toContain('**Set first:** `RECOVERY_POINT`, `WORK_DIR`, `ASSET`');
  });

  it('calls what belonged to the drill by its variable, and names no drill', () => {
    expect(written).toContain('- read stream ORDERS in $ASSET\n');
    expect(written).not.toContain(ID);
    expect(written).not.toContain('s3://backups');
  });

  it('sets what was promised beside what was measured, and says when and where', () => {
    expect(written).toContain('| service back, noticing and deciding included | 15 min (RTO) | 1 min 33 s |');
    expect(written).toContain('(in the drill: 9,600 messages)');
    expect(written).toContain('Last passed 2025-11-23 12:00 UTC on target local, commit unknown.');
  });

  it('goes by the newest drill that passed', () => {
    const failed = { ...madeUpPassing({ laterMs: 7_200_000 }), judgement: null };
    const records = [madeUpPassing({ laterMs: 3_600_000 }), failed, madeUpPassing()];
    expect(renderRunbook({ contracts: [contract], records })).toContain('Last passed 2025-11-23 13:00 UTC');
  });

  it('puts the most urgent first', () => {
    const urgent = madeUpContract({ facts: { ...contract.facts, name: 'api', priority: 'P0' } });
    const index = renderRunbook({ contracts: [contract, urgent], records: [] });
    expect(index.indexOf('| P0 |')).toBeLessThan(index.indexOf('| P1 |'));
  });

  it('says plainly that a disaster was never drilled', () => {
    const never = renderRunbook({ contracts: [contract], records: [] });
    expect(never).toContain('**Not proven: no drill of this contract, as it stands now, has passed.**');
    expect(never).not.toContain('ops/restore.sh');
  });

  it('does not go by a record from before steps were recorded', () => {
    const { recovery: _, ...old } = madeUpPassing();
    expect(renderRunbook({ contracts: [contract], records: [old] })).toContain('**Not proven');
  });
});

describe('a section of which no drill is at hand', () => {
  it('is kept word for word while the contract is the same', () => {
    expect(renderRunbook({ contracts: [contract], records: [], previous: written })).toBe(written);
  });

  it('is kept beside one that was drilled anew', () => {
    const disasters = [...contract.disasters, { name: 'server-lost', threat: 't', blastRadius: 'b' }];
    const both = { ...contract, disasters };
    const records = [madeUpPassing(), madeUpPassing({ disaster: 'server-lost' })];
    const first = renderRunbook({ contracts: [both], records });
    const recovery = madeUpRecovery();
    recovery.variables.pop();
    const again = madeUpPassing({ disaster: 'server-lost', laterMs: 60_000, recovery });
    const second = renderRunbook({ contracts: [both], records: [again], previous: first });
    expect(second.match(/ops\/restore\.sh/g)).toHaveLength(2);
    expect(second).toContain('Last passed 2025-11-23 12:00 UTC');
    expect(second).toContain('Last passed 2025-11-23 12:01 UTC');
    expect(second).toContain('# the lost namespace\nexport ASSET=\n');
  });

  it.each([
    ['the promise', { rtoMs: 60_000 }],
    ['what is protected', { description: 'other streams' }],
    ['the procedure', { procedure: 'another script' }],
  ])('is given up when %s has changed', (_, facts) => {
    const changed = { ...contract, facts: { ...contract.facts, ...facts } };
    expect(renderRunbook({ contracts: [changed], records: [], previous: written })).toContain('**Not proven');
  });

  it('is kept when only the owner has changed, who is named anew', () => {
    const handedOver = { ...contract, facts: { ...contract.facts, owner: 'storage' } };
    const text = renderRunbook({ contracts: [handedOver], records: [], previous: written });
    expect(text).toContain('ops/restore.sh');
    expect(text).toContain('| **owner** | storage (P1) |');
  });

  it('is given up when somebody edited it', () => {
    const edited = written.replace('ops/restore.sh', 'ops/restore-v2.sh');
    expect(renderRunbook({ contracts: [contract], records: [], previous: edited })).toContain('**Not proven');
  });
});
