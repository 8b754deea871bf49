import type { Provider } from '../../registered/provider.ts';
import { s3Store, storeVariables } from './service.ts';

export const s3Provider: Provider = {
  capability: 's3',
  needs: [],
  suppliedBy: {
    local: { tools: ['localstack-python', 'aws'] },
    docker: { tools: ['aws'], images: ['localstack'] },
  },
  images: { localstack: 'localstack/localstack:4.13.1' },
  addresses: {
    variables: 'S3_URL, BACKUP_BUCKET and AWS_*',
    signs:
      /\b(S3_URL(_FROM_CLUSTER)?|BACKUP_BUCKET|AWS_[A-Z_]+)\b|\baws\s|@aws-sdk|\bboto3?\b|Unable to locate credentials/,
    async values(target) {
      const s3 = await target.place(s3Store);
      return {
        S3_URL: s3.endpoint,
        S3_URL_FROM_CLUSTER: s3.endpointFromPods ?? s3.endpoint,
        ...storeVariables(s3),
        AWS_DEFAULT_REGION: s3.region,
        BACKUP_BUCKET: s3.backupBucket,
      };
    },
  },
  typicalDrillS: 4,
};

/** Its server is prebuilt, and the part obtains it itself. No image of the docker target enforces policies. */
export const enforcedAccessProvider: Provider = {
  capability: 'enforced-access',
  needs: [],
  suppliedBy: { local: { tools: [] } },
  typicalDrillS: 5,
};
