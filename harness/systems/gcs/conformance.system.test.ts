import { conformance, providerConformance, type Sabotage } from '../../conformance/suite.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { gcsClient } from './client.ts';
import { liveObjects } from './content.ts';
import { gcsBucket } from './kind.ts';
import { isReserved } from './names.ts';
import { gcsProvider } from './providers.ts';

const target = sharedTarget();

/** Sabotages the first object in the bucket that the asset's variables name. */
const toFirstObject =
  (work: (bucket: ReturnType<ReturnType<typeof gcsClient>['bucket']>, name: string) => Promise<unknown>): Sabotage =>
  async (asset, { signal }) => {
    const { GCS_URL: endpoint = '', GCS_PROJECT: projectId = '', ASSET_BUCKET: name = '' } = asset.environment();
    const bucket = gcsClient({ endpoint, projectId }, { attempts: 1 }).bucket(name);
    const first = (await liveObjects(bucket, signal)).find((each) => !isReserved(each.name));
    if (first === undefined) throw new Error(`there is no object in ${name}`);
    await work(bucket, first.name);
  };

conformance(gcsBucket({ objects: 20, largest: '256KiB' }), {
  target,
  sabotage: {
    drop: toFirstObject((bucket, name) => bucket.file(name).delete()),
    alter: toFirstObject((bucket, name) => bucket.file(name).save('altered', { resumable: false })),
    add: toFirstObject((bucket, name) => bucket.file(`${name}-added`).save('added', { resumable: false })),
    reorder: 'has no order',
  },
});

providerConformance(gcsProvider, { tools: { 'fake-gcs-server': target.tool('fake-gcs-server') } });
