import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  bucket,
  type ContractDefinition,
  commands,
  contract,
  cronJob,
  failover,
  jetstream,
  jetstreamReplicas,
  kubernetesNamespace,
  mirroredStreams,
  natsStatefulSet,
  offRegionCopy,
  script,
  sparing,
  veleroSchedule,
  versioning,
} from '../index.ts';
import type { Access, Survivable } from '../model/access.ts';
import type { AssetKind } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import { defineContract } from './define.ts';

const streams = [{ name: 'orders', subjects: ['orders.paid'], messages: 1 }];
const schedule = { cron: '0 * * * *' };
const scripts = { backup: 'b.sh', restore: 'r.sh', schedule, prefix: 'x/' };
const path = 'x.sh';

const namespace = kubernetesNamespace({ secrets: 1 });
const server = natsStatefulSet({
  manifests: 'fixtures/platform/manifests/nats',
  statefulSet: 'nats',
  service: 'nats-edge',
});
const assets = {
  jetstream: jetstream({ streams }),
  'jetstream, replicas: 3': jetstream({ streams, replicas: 3 }),
  'jetstream, server: natsStatefulSet': jetstream({ streams, server }),
  mirroredStreams: mirroredStreams({ streams }),
  bucket: bucket({ objects: 1 }),
  'bucket, versioned: false': bucket({ objects: 1, versioned: false }),
  kubernetesNamespace: namespace,
  sparing: sparing({ asset: namespace, bystander: namespace }),
} as const satisfies Record<string, AssetKind>;

const procedures = {
  script: script(scripts),
  commands: commands({ ...scripts, backup: ['b.sh'], restore: ['r.sh'] }),
  cronJob: cronJob({ manifests: 'fixtures/platform/manifests/nats-backup', name: 'nats-backup', restore: 'r.sh' }),
  jetstreamReplicas: jetstreamReplicas(),
  failover: failover({
    mirror: path,
    detect: path,
    decide: path,
    promote: path,
    redirect: path,
    start: path,
    rejoin: path,
    failBack: path,
  }),
  versioning: versioning({ restore: 'r.sh' }),
  offRegionCopy: offRegionCopy({ copy: 'c.sh', restore: 'r.sh', schedule }),
  veleroSchedule: veleroSchedule(schedule),
  'veleroSchedule, offRegion': veleroSchedule({ ...schedule, offRegion: { copy: 'c.sh', schedule } }),
} as const satisfies Record<string, Procedure>;
type ProcedureName = keyof typeof procedures;

const programs: readonly ProcedureName[] = ['script', 'commands', 'cronJob'];
const velero: readonly ProcedureName[] = ['veleroSchedule', 'veleroSchedule, offRegion'];
const ofServer = { 'stream-deleted': programs, 'server-lost': programs, rehearsal: programs };
const ofNamespace = {
  'namespace-deleted': [...programs, ...velero],
  'namespace-deleted-to-staging': [...programs, ...velero],
  'control-plane-lost': [...programs, ...velero],
  'region-lost': [...programs, 'veleroSchedule, offRegion'],
} as const;

/** Every disaster of every asset, with all procedures that can protect it. */
const works: { readonly [Name in keyof typeof assets]: Readonly<Record<string, readonly ProcedureName[]>> } = {
  jetstream: ofServer,
  'jetstream, replicas: 3': { ...ofServer, 'node-lost': ['jetstreamReplicas'] },
  'jetstream, server: natsStatefulSet': ofServer,
  mirroredStreams: { 'region-lost': ['failover'], 'region-destroyed': ['failover'] },
  bucket: {
    'objects-deleted': [...programs, 'versioning'],
    'objects-overwritten': [...programs, 'versioning'],
    'objects-encrypted': [...programs, 'versioning'],
    'region-lost': [...programs, 'offRegionCopy'],
  },
  'bucket, versioned: false': {
    'objects-deleted': programs,
    'objects-overwritten': programs,
    'objects-encrypted': programs,
    'region-lost': [...programs, 'offRegionCopy'],
  },
  kubernetesNamespace: ofNamespace,
  sparing: ofNamespace,
};

const rest = { name: 'pair', rto: '1h', rpo: '2h', priority: 'P1', owner: 'tests' } as const;
const define = (asset: AssetKind, protectedBy: Procedure, disaster: string) =>
  defineContract({ ...rest, asset, protectedBy, survives: [disaster] }, 'pair.spec.ts');

const assetNames = Object.keys(assets) as (keyof typeof assets)[];
const procedureNames = Object.keys(procedures) as ProcedureName[];
const matrix = assetNames.flatMap((assetName) =>
  assets[assetName].disasters.flatMap(({ name: disaster }) =>
    procedureNames.map((procedureName) => ({ assetName, disaster, procedureName })),
  ),
);

describe('B18: every shipped asset with every shipped procedure', () => {
  it('names each disaster once', () => {
    for (const name of assetNames) {
      expect(Object.keys(works[name]).toSorted()).toEqual(assets[name].disasters.map((each) => each.name).toSorted());
    }
  });

  it.each(matrix)('$assetName, $disaster, $procedureName', ({ assetName, disaster, procedureName }) => {
    const possible = works[assetName][disaster] ?? [];
    const defining = () => define(assets[assetName], procedures[procedureName], disaster);
    if (possible.includes(procedureName)) {
      expect(defining().survives).toEqual([disaster]);
      return;
    }
    expect(defining).toThrow(/contract "pair" in pair\.spec\.ts: expected a procedure that can bring/);
    // The sentence names the alternative.
    for (const each of possible) expect(defining).toThrow(each.replace(/,.*/, ''));
  });

  it('each asset and each procedure takes part in a pair that works', () => {
    const used = matrix.filter(({ assetName, disaster, procedureName }) =>
      works[assetName][disaster]?.includes(procedureName),
    );
    expect(new Set(used.map(({ assetName }) => assetName))).toEqual(new Set(assetNames));
    expect(new Set(used.map(({ procedureName }) => procedureName))).toEqual(new Set(procedureNames));
  });
});

describe('what a rejection says', () => {
  it('names the disasters from which the procedure would protect this asset', () => {
    const wrong = () => define(assets['jetstream, replicas: 3'], procedures.jetstreamReplicas, 'server-lost');
    expect(wrong).toThrow(/"server-lost": script.*protects this asset only from node-lost.*out of `survives`/);
  });

  it('says so when the procedure cannot protect this asset at all', () => {
    const wrong = () => define(assets.bucket, procedures.veleroSchedule, 'objects-deleted');
    expect(wrong).toThrow(/versioning.*cannot protect this asset from anything/);
  });
});

describe('assets and procedures of others', () => {
  const ofOthers = { ...assets.jetstream, system: 'acme-db' };
  const dump: Access<'acme dump'> = { name: 'acme dump', usedBy: ['acmeDump({ … })'] };
  const wiped = { name: 'wiped', threat: 'it is emptied', blastRadius: 'all of it' };
  const plain: AssetKind = { ...ofOthers, disasters: [wiped] };
  const special: AssetKind = { ...ofOthers, disasters: [{ ...wiped, offers: [dump] }] };
  const unsaid: Procedure = { ...procedures.script };
  const undeclared: Procedure = { ...unsaid, protects: [] };
  const { protects: _, ...silent } = unsaid;

  it('go together with programs of the platform when they say nothing of it', () => {
    expect(define(plain, silent, 'wiped').survives).toEqual(['wiped']);
    expect(define(plain, procedures.commands, 'wiped').survives).toEqual(['wiped']);
    expect(() => define(plain, procedures.versioning, 'wiped')).toThrow('script');
  });

  it('may agree on a way of their own', () => {
    const acmeDump: Procedure<'acme dump'> = { ...silent, protects: [{ ...dump }] };
    expect(define(special, acmeDump, 'wiped').survives).toEqual(['wiped']);
    expect(() => define(special, procedures.script, 'wiped')).toThrow('acmeDump({ … })');
    expect(() => define(special, undeclared, 'wiped')).toThrow('cannot protect this asset');
  });
});

describe('a promise that its procedure cannot be measured by', () => {
  it.each(['versioning', 'jetstreamReplicas', 'failover'] as const)('freshness, with %s', (name) => {
    const [asset, disaster] = (
      {
        versioning: [assets.bucket, 'objects-deleted'],
        jetstreamReplicas: [assets['jetstream, replicas: 3'], 'node-lost'],
        failover: [assets.mirroredStreams, 'region-lost'],
      } as const
    )[name];
    const definition: ContractDefinition = {
      ...rest,
      asset,
      protectedBy: procedures[name],
      survives: [disaster],
      freshness: { below: '1h', critical: '2h' },
    };
    expect(() => defineContract(definition)).toThrow(/has no schedule/);
  });
});

/** Never called; only tsc checks it. */
function typesRefuse(): void {
  const { bucket: objects, jetstream: single, 'jetstream, replicas: 3': cluster, mirroredStreams: mirrored } = assets;
  const plainBucket = assets['bucket, versioned: false'];
  const { versioning: versions, veleroSchedule: nightly, failover: standby, jetstreamReplicas: replicas } = procedures;

  contract({ ...rest, asset: single, protectedBy: procedures.script, survives: ['server-lost', 'rehearsal'] });
  contract({ ...rest, asset: cluster, protectedBy: replicas, survives: ['node-lost'] });
  contract({ ...rest, asset: objects, protectedBy: versions, survives: ['objects-deleted'] });
  contract({ ...rest, asset: mirrored, protectedBy: standby, survives: ['region-lost', 'region-destroyed'] });
  contract({ ...rest, asset: assets.sparing, protectedBy: nightly, survives: ['namespace-deleted'] });
  const elsewhere = procedures['veleroSchedule, offRegion'];
  contract({ ...rest, asset: namespace, protectedBy: elsewhere, survives: ['namespace-deleted', 'region-lost'] });

  // @ts-expect-error A bucket is nothing that Velero backs up.
  contract({ ...rest, asset: objects, protectedBy: nightly, survives: ['objects-deleted'] });
  // @ts-expect-error A single server has no node to lose.
  contract({ ...rest, asset: single, protectedBy: replicas, survives: ['node-lost'] });
  // @ts-expect-error Replicas are lost with the whole cluster.
  contract({ ...rest, asset: cluster, protectedBy: replicas, survives: ['server-lost'] });
  // @ts-expect-error While the other nodes go on, nothing is restored.
  contract({ ...rest, asset: cluster, protectedBy: procedures.script, survives: ['node-lost'] });
  // @ts-expect-error Streams have no object versions.
  contract({ ...rest, asset: single, protectedBy: versions, survives: ['stream-deleted'] });
  // @ts-expect-error A namespace has no JetStream replicas.
  contract({ ...rest, asset: namespace, protectedBy: replicas, survives: ['namespace-deleted'] });
  // @ts-expect-error Mirrored streams are protected by the mirror.
  contract({ ...rest, asset: mirrored, protectedBy: procedures.script, survives: ['region-lost'] });
  // @ts-expect-error A failover needs a replica.
  contract({ ...rest, asset: single, protectedBy: standby, survives: ['server-lost'] });
  // @ts-expect-error Versions are lost with their region.
  contract({ ...rest, asset: objects, protectedBy: versions, survives: ['region-lost'] });
  // @ts-expect-error This bucket keeps no versions.
  contract({ ...rest, asset: plainBucket, protectedBy: versions, survives: ['objects-deleted'] });
  // @ts-expect-error Nothing brings these backups out of the region.
  contract({ ...rest, asset: namespace, protectedBy: nightly, survives: ['region-lost'] });
  // @ts-expect-error A misspelt disaster.
  contract({ ...rest, asset: single, protectedBy: procedures.script, survives: ['server-list'] });
}

it('B18: the types refuse what cannot work', () => {
  expectTypeOf(typesRefuse).toBeFunction();
});

it('the types know which disasters a procedure protects from', () => {
  type Cluster = NonNullable<(typeof assets)['jetstream, replicas: 3']['ways']>;
  expectTypeOf<Survivable<Cluster, 'jetstream replicas'>>().toEqualTypeOf<'node-lost'>();
  expectTypeOf<Survivable<Cluster, 'environment'>>().toEqualTypeOf<'stream-deleted' | 'server-lost' | 'rehearsal'>();
  expectTypeOf<Survivable<Cluster, 'velero backup'>>().toEqualTypeOf<never>();
  expectTypeOf<Survivable<Readonly<Record<string, string>>, 'environment'>>().toEqualTypeOf<string>();
  expectTypeOf<Survivable<Cluster, string>>().toEqualTypeOf<keyof Cluster>();
});
